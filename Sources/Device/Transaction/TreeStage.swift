internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Builds an owned directory beside its place, as it is to be, with all that is in it.
///
/// Files that are right already get a second name in the new tree: nothing of them is written. Both
/// trees share them until the old one is removed, so a mode, an owner or a byte is never changed
/// through the new name.
struct TreeStage {
    let root: Root
    let scope: MoveScope
    let footprint: Footprint
    let state: DesiredState
    let saved: SavedFiles
    private var dressing: Dressing { Dressing(root: root) }

    typealias Write = (Leaf, _ place: String, inout Inspector) throws -> Void

    /// Durable when it returns, but for its own name.
    func build(
        _ tree: StagePlan.Tree, _ inspector: inout Inspector, write: Write
    ) throws {
        let (item, directory) = (tree.item, tree.directory)
        try root.removeTree(item.staged)
        // Nobody looks into it before it is whole.
        try root.makeHiddenFolder(item.staged, mode: 0o700)
        let folders = footprint.folders(in: directory.path)
        for folder in folders { try make(folder, of: item, &inspector) }
        for leaf in state.leaves {
            guard leaf.path != item.path, let place = item.place(of: leaf.path) else { continue }
            if try !share(leaf, at: place, &inspector) { try write(leaf, place, &inspector) }
        }
        try root.setOwner(item.staged, inspector.owner(of: directory.owner))
        try root.setMode(item.staged, directory.mode)
        try dressing.dress(folder: directory.path, at: item.staged)
        for folder in folders.reversed() {
            if let place = item.place(of: folder) { try root.syncFolder(place) }
        }
        try root.syncFolder(item.staged)
    }

    private func make(
        _ folder: String, of item: StagedFiles.Item, _ inspector: inout Inspector
    ) throws {
        guard let place = item.place(of: folder) else { return }
        let access: Access
        if let declared = state.directories.first(where: { $0.path == folder }) {
            access = Access(mode: declared.mode, owner: try inspector.owner(of: declared.owner))
        } else if !scope.undeclared.contains(folder),
            let status = try root.standing(at: folder), status.kind == .directory
        {
            // Only its being there follows from the state; the rest is the device's.
            access = Access(mode: status.mode, owner: status.owner)
        } else {
            access = saved.impliedAccess(of: folder)
        }
        try root.makeHiddenFolder(place, mode: access.mode, owner: access.owner)
        try dressing.dress(folder: folder, at: place)
    }

    /// Whether the file that stands at the path could be taken over as it is.
    private func share(
        _ leaf: Leaf, at place: String, _ inspector: inout Inspector
    ) throws -> Bool {
        let wrong = try inspector.deviation(
            of: leaf, at: leaf.path, without: scope.dropped(leaf))
        guard leaf.linkText == nil, wrong == nil else { return false }
        do throws(SystemError) {
            try root.hardLink(leaf.path, at: place)
            return true
        } catch {
            if error.isLinkRefused { return false }
            throw error
        }
    }
}
