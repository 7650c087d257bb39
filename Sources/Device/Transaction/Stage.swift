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
        var dressing = Dressing(root: store.root)
        let footprint = Footprint(of: new.state)
        let scope = MoveScope(of: move, from: old.state, to: new.state, footprint)
        let plan = try StagePlan(scope, footprint, for: new, on: store.root, &inspector)
        try checkRoom(for: plan)
        try store.root.makeFolders(StateLayout.files(of: new.number))
        let manifest = StagedFiles(generation: new.number, items: plan.items)
        try store.write(manifest, at: StateLayout.stagedManifest(of: new.number))
        for planned in plan.leaves {
            try stage(planned.leaf, at: planned.item.staged, &inspector, &dressing, contents)
        }
        let builder = TreeStage(
            root: store.root, scope: scope, footprint: footprint, state: new.state.applied,
            saved: try Originals(store: store).read())
        for tree in plan.trees {
            try builder.build(tree, &inspector) { leaf, place, inspector in
                try stage(leaf, at: place, &inspector, &dressing, contents)
            }
        }
        try sync(Set(plan.items.map { DevicePath.parent(of: $0.staged) }))
        try back(scope, new.applied, from: old.applied, &inspector, contents)
        try LinkBridge(root: store.root, from: old, to: new).build()
        if move.purpose == .upgrade {
            try EffectiveDifference(store: store).note(old, new, &inspector)
        }
        return manifest
    }

    /// Told before anything is written: a disk that is filled to the brim harms everybody on it.
    private func checkRoom(for plan: StagePlan) throws {
        var needed: [UInt64: (folder: String, bytes: Int)] = [:]
        for (folder, bytes) in plan.bytes.sorted(by: { $0.key < $1.key }) {
            guard let device = try store.root.standing(at: folder)?.device else { continue }
            needed[device, default: (folder, 0)].bytes += bytes
        }
        for (folder, bytes) in needed.values {
            let free = try store.root.freeBytes(at: folder)
            if bytes <= free { continue }
            throw SystemError.full(
                "stage files in", folder,
                advice: "they need \(bytes) bytes, and \(free) are free; make room there")
        }
    }

    /// Removes what is staged for a generation, and the manifest last.
    package func remove(generation: Int) throws(TransactionError) {
        try asTransaction { try removeStaged(generation) }
    }

    private func removeStaged(_ generation: Int) throws {
        // What validators were shown; whoever showed it may not have come to removing it.
        try store.root.removeTree(StateLayout.stageView(of: generation))
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
            switch item.kind {
            case .leaf: try store.root.unlink(item.staged, missingIsFine: true)
            // After the flip the old directory stands here.
            case .tree: try store.root.removeTree(item.staged)
            }
        }
        try store.remove(path)
    }

    // MARK: Files at their places

    private func stage(
        _ leaf: Leaf, at place: String, _ inspector: inout Inspector,
        _ dressing: inout Dressing, _ contents: Contents
    ) throws {
        if let text = leaf.linkText {
            try store.root.unlink(place, missingIsFine: true)
            try store.root.symbolicLink(text, at: place)
        } else if case .file(let file) = leaf {
            try write(file, at: place, &inspector, contents)
        }
        try dressing.dress(leaf, at: place)
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
            if scope.isHealing && !scope.covers(file.path) { continue }
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
