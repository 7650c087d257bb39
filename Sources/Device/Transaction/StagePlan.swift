internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// What a move has to make ready, and where: what is right already is left out.
struct StagePlan {
    struct Planned {
        var leaf: Leaf
        var item: StagedFiles.Item
    }

    struct Tree {
        var directory: DesiredDirectory
        var item: StagedFiles.Item
    }

    private(set) var leaves: [Planned] = []
    private(set) var trees: [Tree] = []
    private let root: Root
    private let generation: Int
    private let scope: MoveScope
    private let footprint: Footprint
    private var folders: [String: String] = [:]

    var items: [StagedFiles.Item] { trees.map(\.item) + leaves.map(\.item) }

    init(
        _ scope: MoveScope, _ footprint: Footprint, for new: GenerationRecord, on root: Root,
        _ inspector: inout Inspector
    ) throws {
        self.root = root
        self.scope = scope
        self.footprint = footprint
        generation = new.number
        let state = new.state.applied
        try planTrees(state, &inspector)
        let planned = StagedPlaces(StagedFiles(generation: generation, items: items))
        for leaf in state.leaves
        where scope.covers(leaf.path) && planned.inTree(leaf.path) == nil {
            guard try isWrong(leaf, &inspector) else { continue }
            leaves.append(Planned(leaf: leaf, item: try item(for: leaf.path, .leaf)))
        }
    }

    /// How much is to be written below each folder, for whoever asks whether it has room.
    var bytes: [String: Int] {
        var bytes: [String: Int] = [:]
        for planned in leaves {
            bytes[DevicePath.parent(of: planned.item.staged), default: 0] += planned.leaf.size
        }
        return bytes
    }

    private func isWrong(_ leaf: Leaf, _ inspector: inout Inspector) throws -> Bool {
        try inspector.deviation(of: leaf, at: leaf.path, without: scope.dropped(leaf)) != nil
    }

    private mutating func item(
        for path: String, _ kind: StagedFiles.Kind
    ) throws -> StagedFiles.Item {
        let parent = DevicePath.parent(of: path)
        let folder = try folders[parent] ?? nearestFolder(to: parent)
        folders[parent] = folder
        let name = StagedFiles.name(generation: generation, index: trees.count + leaves.count)
        return StagedFiles.Item(
            path: path, staged: DevicePath.join(folder, name), kind: kind)
    }

    /// A folder that is still to be made can't be a mount point, so the nearest one that exists is
    /// on the same file system.
    private func nearestFolder(to path: String) throws -> String {
        let steps = try root.steps(to: path)
        return steps.last { $0.status?.kind == .directory }?.path ?? "/"
    }

    // MARK: Owned directories

    /// An owned directory that changes in more than one place changes as a whole. A single change is
    /// one rename already.
    private mutating func planTrees(
        _ state: DesiredState, _ inspector: inout Inspector
    ) throws {
        for directory in state.directories where scope.remade.contains(directory.path) {
            guard footprint.owned.contains(directory.path), try canBeRemade(directory.path),
                try changes(in: directory.path, state, &inspector) > 1
            else { continue }
            let item = try item(for: directory.path, .tree)
            trees.append(Tree(directory: directory, item: item))
        }
    }

    /// Not where something in it belongs to the device, and not where file systems meet.
    private func canBeRemade(_ directory: String) throws -> Bool {
        if footprint.sharesPlaces(in: directory) { return false }
        for folder in [directory] + footprint.folders(in: directory) {
            guard try root.standing(at: folder)?.kind == .directory else { continue }
            if try root.isMountPoint(folder) { return false }
        }
        return true
    }

    private func changes(
        in directory: String, _ state: DesiredState, _ inspector: inout Inspector
    ) throws -> Int {
        var count = try Extras(root: root, footprint: footprint).find(in: directory).count
        for other in state.directories where DevicePath.isAt(other.path, orBelow: directory) {
            if try inspector.deviation(of: other) != nil { count += 1 }
        }
        for leaf in state.leaves where DevicePath.isAt(leaf.path, orBelow: directory) {
            if try isWrong(leaf, &inspector) { count += 1 }
        }
        return count
    }
}

extension MoveScope {
    func dropped(_ leaf: Leaf) -> [String] {
        if case .file(let file) = leaf { droppedAttributes(of: file) } else { [] }
    }
}
