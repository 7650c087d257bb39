package import AgentMachine
package import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Moves the files from one generation to another.
///
/// The commit point is one rename of the link `current`. Before it, nothing that anybody uses is
/// touched; after it, every step can be done again, and doing all of them again ends in the same
/// bytes. So a kill at any moment leaves the old generation, or one that a redo makes whole.
package struct Flip {
    private let store: RecordStore
    private var root: Root { store.root }

    package init(store: RecordStore) { self.store = store.keepingFolders() }

    /// A flip that was not done, and whether it has to be taken back.
    package struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        package var reason: TransactionError
        package var passedCommitPoint: Bool

        package var description: String { reason.description }
    }

    /// Carries out a move whose stage is made and whose journal is written. When it returns, all of
    /// it is durable.
    package func perform(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord
    ) throws(Failure) {
        do throws(TransactionError) {
            try asTransaction { try run(move, from: old, to: new) }
        } catch {
            // A link that can't be read does not say that the new generation has begun.
            let current = try? store.currentGeneration()
            throw Failure(reason: error, passedCommitPoint: current == new.number)
        }
    }

    private func run(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord
    ) throws {
        try checkJournal(says: move)
        let manifest = try store.read(
            StagedFiles.self, at: StateLayout.stagedManifest(of: new.number))
        var inspector = Inspector(root: root)
        let scope = MoveScope(of: move, from: old.state, to: new.state)
        let items = try ready(
            scope, new, manifest ?? StagedFiles(generation: new.number), &inspector)
        let current = try store.currentGeneration()
        let saved: SavedFiles
        if current == new.number {
            // Under way already: what stands at the paths now may be ours, and is no original.
            saved = try Originals(store: store).read()
        } else {
            let originals = Originals(store: store)
            if move.purpose == .upgrade {
                // The way back is never refused: it is tried, and tried again.
                try checkDisk(holds: new.state)
                // It begins where the device is whole, so what left before is the device's own now.
                try originals.forget(allBut: old.state)
            }
            saved = try originals.save(for: new.state)
            try commit(to: new.number)
        }
        var placing = Placing(
            store: store, scope: scope, state: new.state, saved: saved, inspector: inspector)
        try placing.run(items)
        try LinkBridge(root: root, from: old, to: new).remove()
        if manifest != nil { try Stage(store: store).remove(generation: new.number) }
    }

    private func checkJournal(says move: Move) throws {
        let journal = try store.read(Journal.self, at: StateLayout.journal)
        guard journal?.move == move else {
            throw TransactionError(
                .notJournaled, path: StateLayout.journal,
                message: "the journal does not say that this move is under way")
        }
    }

    private func checkDisk(holds state: DesiredState) throws {
        guard let problem = try Preflight.problems(placing: state, store: store).first else {
            return
        }
        throw TransactionError(
            .blocked, path: problem.path, message: "\(problem.message) \(problem.fix)")
    }

    /// Every path is right already, or its staged file is: checked now, from the bytes on the disk.
    private func ready(
        _ scope: MoveScope, _ new: GenerationRecord, _ manifest: StagedFiles,
        _ inspector: inout Inspector
    ) throws -> [StagedFiles.Item] {
        let staged = Dictionary(
            manifest.items.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var items: [StagedFiles.Item] = []
        for file in new.state.files {
            if file.placement == .link, !scope.isHealing || scope.covers(file) {
                let backing = LinkPlacement.backing(of: file, in: new.number)
                if let deviation = try inspector.deviation(of: file, at: backing) {
                    throw notStaged(deviation)
                }
            }
            guard scope.covers(file) else { continue }
            guard let wrong = try deviation(of: file, at: file.path, &inspector) else { continue }
            guard let item = staged[file.path],
                try deviation(of: file, at: item.staged, &inspector) == nil
            else { throw notStaged(wrong) }
            items.append(item)
        }
        return items
    }

    private func deviation(
        of file: DesiredFile, at place: String, _ inspector: inout Inspector
    ) throws -> Deviation? {
        switch file.placement {
        case .copy: try inspector.deviation(of: file, at: place)
        case .link: try inspector.linkDeviation(of: file, at: place)
        }
    }

    private func notStaged(_ deviation: Deviation) -> TransactionError {
        TransactionError(
            .notStaged, path: deviation.path,
            message: "nothing is staged to put it right: \(deviation.detail)")
    }

    /// The commit point.
    private func commit(to generation: Int) throws {
        let ready = StateLayout.current + ".new"
        // Generation 0, before Flotilla, has no record that would have made its folder.
        try root.makeFolders(StateLayout.generation(generation))
        try root.unlink(ready, missingIsFine: true)
        try root.symbolicLink("generations/\(generation)", at: ready)
        try root.rename(ready, to: StateLayout.current)
        try root.syncFolder(StateLayout.state)
    }
}
