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
        let footprint = Footprint(of: new.state)
        let scope = MoveScope(of: move, from: old.state, to: new.state, footprint)
        let items = try ready(
            scope, new.applied, manifest ?? StagedFiles(generation: new.number), &inspector)
        let saved = try passCommitPoint(of: move, from: old, to: new, &inspector)
        var placing = Placing(
            store: store, scope: scope, footprint: footprint, state: new.state.applied,
            saved: saved, inspector: inspector)
        try placing.run(items)
        try LinkBridge(root: root, from: old, to: new).remove()
        if manifest != nil { try Stage(store: store).remove(generation: new.number) }
    }

    /// Saves what is to come back one day, and commits, unless that is done already.
    private func passCommitPoint(
        of move: Move, from old: GenerationRecord, to new: GenerationRecord,
        _ inspector: inout Inspector
    ) throws -> SavedFiles {
        let originals = Originals(store: store)
        if move.purpose == .heal {
            try VendorFiles(store: store).keep(replacing: old, new, &inspector)
            return try originals.read()
        }
        // Under way already: what stands at the paths now may be ours, and is no original.
        if try store.currentGeneration() == new.number { return try originals.read() }
        if move.purpose == .upgrade {
            // The way back is never refused: it is tried, and tried again.
            try checkDisk(holds: new.state)
            // It begins where the device is whole, so what left before is the device's own now.
            try originals.forget(allBut: old.state)
        }
        try VendorFiles(store: store).keep(replacing: old, new, &inspector)
        let saved = try originals.save(for: new.state)
        try commit(to: new.number)
        return saved
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

    /// Every path is right already, or what is staged for it is: checked now, from the bytes on the
    /// disk.
    private func ready(
        _ scope: MoveScope, _ new: GenerationRecord, _ manifest: StagedFiles,
        _ inspector: inout Inspector
    ) throws -> [StagedFiles.Item] {
        let places = StagedPlaces(manifest)
        var items = manifest.items.filter { $0.kind == .tree }
        for directory in new.state.directories {
            guard let staged = places.inTree(directory.path) else { continue }
            if let wrong = try inspector.deviation(of: directory, at: staged) {
                throw notStaged(wrong)
            }
        }
        for leaf in new.state.leaves {
            if case .file(let file) = leaf, file.placement == .link,
                !scope.isHealing || scope.covers(file.path)
            {
                let backing = LinkPlacement.backing(of: file, in: new.number)
                if let wrong = try inspector.deviation(of: file, at: backing) {
                    throw notStaged(wrong)
                }
            }
            if let item = try ready(leaf, places, scope, &inspector) { items.append(item) }
        }
        return items
    }

    /// What is to be renamed to the place of a leaf, if anything.
    private func ready(
        _ leaf: Leaf, _ places: StagedPlaces, _ scope: MoveScope, _ inspector: inout Inspector
    ) throws -> StagedFiles.Item? {
        let dropped = scope.dropped(leaf)
        if let staged = places.inTree(leaf.path) {
            if let wrong = try stagedDeviation(of: leaf, at: staged, dropped, &inspector) {
                throw notStaged(wrong)
            }
            return nil
        }
        guard scope.covers(leaf.path),
            let wrong = try inspector.deviation(of: leaf, at: leaf.path, without: dropped)
        else { return nil }
        guard let staged = places.place(of: leaf.path),
            try stagedDeviation(of: leaf, at: staged, dropped, &inspector) == nil
        else { throw notStaged(wrong) }
        return StagedFiles.Item(path: leaf.path, staged: staged)
    }

    /// What is staged must be right to the last byte, also where anything at all may stand later.
    private func stagedDeviation(
        of leaf: Leaf, at staged: String, _ dropped: [String], _ inspector: inout Inspector
    ) throws -> Deviation? {
        if case .file(let file) = leaf, leaf.isOnce {
            return try inspector.deviation(of: file, at: staged)
        }
        return try inspector.deviation(of: leaf, at: staged, without: dropped)
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
