package import AgentMachine
package import DeviceRecords
internal import FleetModel
internal import HostSystem

/// What staging a move writes, and where: known before the first byte of it. By names and sizes
/// alone, so that it costs no reading; rounded up where it can't be known.
package struct SpaceNeeds {
    private let root: Root
    private let block: Int
    private var bytes: [String: Int] = [:]
    private var folders: [String: String] = [:]

    /// - Parameter rendered: bytes of templates that go into the object store.
    package static func of(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord, rendered: Int = 0,
        store: RecordStore
    ) throws(TransactionError) -> [SpaceNeed] {
        try asTransaction {
            var needs = SpaceNeeds(
                root: store.root.keepingFolders(),
                block: try store.root.space(at: StateLayout.state).blockSize)
            try needs.add(move, from: old, to: new, saved: Originals(store: store).read())
            if rendered > 0 { needs.add(rendered, to: StateLayout.state) }
            return needs.bytes.sorted { $0.key < $1.key }
                .map { SpaceNeed(folder: $0.key, bytes: $0.value) }
        }
    }

    private init(root: Root, block: Int) {
        self.root = root
        self.block = block
    }

    private mutating func add(
        _ move: Move, from old: GenerationRecord, to new: GenerationRecord, saved: SavedFiles
    ) throws {
        let scope = MoveScope(
            of: move, from: old.state, to: new.state, Footprint(of: new.state))
        // What is only observed is not written.
        let files = new.state.applied.files
        let before = Dictionary(
            old.state.applied.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        // The record, the manifest of the stage and the index of originals: some hundred bytes for
        // each file.
        add(new.state.files.count * 1_024 + 8 * block, to: StateLayout.state)
        for file in files {
            let known = before[file.path]
            let isSame = known?.content == file.content && known?.placement == file.placement
            let status = try root.standing(at: file.path)
            switch file.placement {
            case .link:
                if !isSame || new.number == old.number { add(file.size, to: StateLayout.state) }
            case .copy:
                guard scope.covers(file.path) else { continue }
                let stands = isSame && status?.kind == .file && status?.size == file.size
                if !stands { add(file.size, to: try nearestFolder(to: file.path)) }
            }
            if saved.originals[file.path] == nil, let status, status.kind == .file {
                add(status.size, to: StateLayout.state)
            }
        }
    }

    private mutating func add(_ size: Int, to folder: String) {
        bytes[folder, default: 0] += (size + block - 1) / block * block
    }

    /// Where it will be staged.
    private mutating func nearestFolder(to path: String) throws -> String {
        let parent = DevicePath.parent(of: path)
        if let known = folders[parent] { return known }
        let nearest = try root.steps(to: parent).last { $0.status?.kind == .directory }?.path ?? "/"
        folders[parent] = nearest
        return nearest
    }
}
