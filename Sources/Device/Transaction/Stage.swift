package import AgentMachine
package import DeviceRecords
package import FleetModel
internal import HostSystem

/// Makes ready what a move needs: every file whose content must change is written once, where it
/// will be renamed from. Nothing that anybody uses is touched.
package struct Stage {
    private let store: RecordStore
    private let durability: BulkSync

    package init(store: RecordStore) {
        self.store = store.keepingFolders()
        durability = BulkSync(root: store.root)
    }

    /// Hands over the final bytes of a file, after substitution, part by part.
    package typealias Contents = (DesiredFile, ([UInt8]) throws -> Void) throws -> Void

    /// Stages what `move` needs on top of what the disk already has right. When it returns, all of
    /// it is durable; when it throws, nothing is left. Doing it again is always right: it begins
    /// with removing what was staged.
    @discardableResult
    package func make(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord, contents: Contents
    ) throws(TransactionError) -> StagedFiles {
        do throws(TransactionError) {
            return try asTransaction { try stage(move, from: old, to: new, contents) }
        } catch {
            // A full disk should not stay full. What can't be removed now is found at the next
            // start, and the first error is the one to tell.
            try? remove(generation: new.number)
            throw error
        }
    }

    /// The same for who has whole files at hand.
    @discardableResult
    package func make(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord,
        contents: (DesiredFile) throws -> [UInt8]
    ) throws(TransactionError) -> StagedFiles {
        try make(move, from: old, to: new) { file, take in try take(try contents(file)) }
    }

    private func stage(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord, _ contents: Contents
    ) throws -> StagedFiles {
        try remove(generation: new.number)
        var inspector = Inspector(root: store.root)
        let scope = MoveScope(of: move, from: old.state, to: new.state)
        let plan = try plan(scope, new, &inspector)
        try store.root.makeFolders(StateLayout.files(of: new.number))
        let manifest = StagedFiles(generation: new.number, items: plan.map(\.item))
        try store.write(manifest, at: StateLayout.stagedManifest(of: new.number))
        var touched: Set<String> = []
        for (file, item) in plan {
            try stage(file, as: item, &inspector, contents)
            touched.insert(DevicePath.parent(of: item.staged))
        }
        try sync(touched)
        try back(scope, new, from: old, &inspector, contents)
        try LinkBridge(root: store.root, from: old, to: new).build()
        return manifest
    }

    /// Removes what is staged for a generation, and the manifest last.
    package func remove(generation: Int) throws(TransactionError) {
        try asTransaction { try removeStaged(generation) }
    }

    private func removeStaged(_ generation: Int) throws {
        let path = StateLayout.stagedManifest(of: generation)
        let manifest: StagedFiles?
        do throws(RecordError) {
            manifest = try store.read(StagedFiles.self, at: path)
        } catch {
            guard error.isDamage else { throw error }
            // What it named stays behind, which is better than a device that does nothing any more.
            try store.setAside(path)
            return
        }
        guard let manifest else { return }
        for item in manifest.items {
            try store.root.unlink(item.staged, missingIsFine: true)
        }
        try store.remove(path)
    }

    // MARK: Files at their places

    private typealias Planned = (file: DesiredFile, item: StagedFiles.Item)

    private func plan(
        _ scope: MoveScope, _ new: GenerationRecord, _ inspector: inout Inspector
    ) throws -> [Planned] {
        var folders: [String: String] = [:]
        var plan: [Planned] = []
        for file in new.state.files where scope.covers(file) {
            let deviation =
                switch file.placement {
                case .copy: try inspector.deviation(of: file, at: file.path)
                case .link: try inspector.linkDeviation(of: file, at: file.path)
                }
            if deviation == nil { continue }
            let parent = DevicePath.parent(of: file.path)
            let folder = try folders[parent] ?? nearestFolder(to: parent)
            folders[parent] = folder
            let name = StagedFiles.name(generation: new.number, index: plan.count)
            let staged = DevicePath.join(folder, name)
            plan.append((file, StagedFiles.Item(path: file.path, staged: staged)))
        }
        return plan
    }

    /// A folder that is still to be made can't be a mount point, so the nearest one that exists is
    /// on the same file system.
    private func nearestFolder(to path: String) throws -> String {
        let steps = try store.root.steps(to: path)
        return steps.last { $0.status?.kind == .directory }?.path ?? "/"
    }

    private func stage(
        _ file: DesiredFile, as item: StagedFiles.Item, _ inspector: inout Inspector,
        _ contents: Contents
    ) throws {
        let root = store.root
        switch file.placement {
        case .link:
            try root.unlink(item.staged, missingIsFine: true)
            try root.symbolicLink(LinkPlacement.target(of: file), at: item.staged)
        case .copy:
            try write(file, at: item.staged, &inspector, contents)
        }
    }

    private func write(
        _ file: DesiredFile, at path: String, _ inspector: inout Inspector, _ contents: Contents,
        isInUse: Bool = false
    ) throws {
        let root = store.root
        let owner = try inspector.owner(of: file.owner)
        let isDurable = try durability.mustSync(in: DevicePath.parent(of: path)) || isInUse
        let ready = try root.beginFile(path, owner: owner)
        do {
            var hasher = StreamedSHA256()
            var size = 0
            try contents(file) { part in
                size += part.count
                hasher.update(part)
                try ready.write(part)
            }
            guard size == file.size, hasher.finalize() == file.content else {
                throw TransactionError(
                    .wrongContent, path: file.path,
                    message: "the content at hand is not the one that the desired state names")
            }
            try ready.end(mode: file.mode, durable: isDurable)
        } catch {
            // The first error is the one to tell.
            try? root.unlink(path)
            throw error
        }
    }

    // MARK: Files in the generation's folder

    /// Puts the bytes behind links into the generation's folder: for a new generation all of them,
    /// for the link `current` brings the whole folder.
    private func back(
        _ scope: MoveScope, _ new: GenerationRecord, from old: GenerationRecord,
        _ inspector: inout Inspector, _ contents: Contents
    ) throws {
        let root = store.root
        var touched: Set<String> = []
        for file in new.state.files where file.placement == .link {
            if scope.isHealing && !scope.covers(file) { continue }
            let place = LinkPlacement.backing(of: file, in: new.number)
            if try inspector.deviation(of: file, at: place) == nil { continue }
            let folder = DevicePath.parent(of: place)
            try root.makeFolders(folder)
            touched.insert(folder)
            // Beside it and renamed: in the current generation somebody may be reading it.
            let ready = DevicePath.join(folder, ".\(DevicePath.name(of: place)).new")
            let twin = LinkPlacement.backing(of: file, in: old.number)
            let isSame = try twin != place && inspector.deviation(of: file, at: twin) == nil
            if isSame {
                try root.unlink(ready, missingIsFine: true)
                try root.hardLink(twin, at: ready)
            } else {
                try write(file, at: ready, &inspector, contents, isInUse: scope.isHealing)
            }
            try root.rename(ready, to: place)
        }
        try sync(touched)
    }

    private func sync(_ folders: Set<String>) throws { try durability.synchronise(folders) }
}
