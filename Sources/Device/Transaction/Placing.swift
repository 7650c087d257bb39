internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// What comes after the commit point: each path gets what the new generation wants, and what it does
/// not hold any more becomes what it was before Flotilla.
struct Placing {
    let store: RecordStore
    let scope: MoveScope
    let footprint: Footprint
    /// What is applied.
    let state: DesiredState
    let saved: SavedFiles
    var inspector: Inspector

    private var touched: Set<String> = []
    private var root: Root { store.root }

    init(
        store: RecordStore, scope: MoveScope, footprint: Footprint, state: DesiredState,
        saved: SavedFiles, inspector: Inspector
    ) {
        self.store = store
        self.scope = scope
        self.footprint = footprint
        self.state = state
        self.saved = saved
        self.inspector = inspector
    }

    mutating func run(_ items: [StagedFiles.Item]) throws {
        // Healing leaves alone what the generation does not hold.
        let leaving =
            scope.isHealing
            ? [] : saved.leaving(footprint, onTheWayBack: scope.isGoingBack)
        // Only what is in the way goes before the new files stand: others may need the rest.
        let inTheWay = Set(
            leaving.filter { path in
                DevicePath.ancestors(of: path).contains { footprint.leaves.contains($0) }
            })
        let trees = items.filter { $0.kind == .tree }
        try putBack(inTheWay)
        try placeFolders(besides: trees)
        for tree in trees { try place(tree: tree) }
        for item in items where item.kind == .leaf { try place(item) }
        for directory in footprint.owned.sorted() where scope.sweeps(directory) {
            try sweep(directory)
        }
        try putBack(leaving.filter { !inTheWay.contains($0) })
        for folder in touched.sorted() { try sync(folder) }
    }

    private mutating func putBack(_ paths: some Sequence<String>) throws {
        let originals = Originals(store: store)
        touched.formUnion(try originals.putBack(Array(paths), from: saved, &inspector))
    }

    // MARK: Folders

    /// Those of a tree come with it, but for the ones above it.
    private mutating func placeFolders(besides trees: [StagedFiles.Item]) throws {
        let declared = Dictionary(
            state.directories.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var folders: Set<String> = []
        for directory in state.directories where scope.covers(directory.path) {
            folders.insert(directory.path)
            folders.formUnion(DevicePath.ancestors(of: directory.path))
        }
        for leaf in state.leaves where scope.covers(leaf.path) {
            folders.formUnion(DevicePath.ancestors(of: leaf.path))
        }
        folders.formUnion(scope.undeclared)
        for folder in folders.sorted()
        where !trees.contains(where: { DevicePath.isAt(folder, orBelow: $0.path) }) {
            try place(folder, as: declared[folder])
        }
    }

    private mutating func place(
        _ folder: String, as declared: DesiredDirectory?
    ) throws {
        var status = try root.standing(at: folder)
        if let found = status, found.kind != .directory, mayGo(folder) {
            // A file of an older generation, or what somebody put in our place.
            try root.unlink(folder)
            status = nil
        }
        let access =
            try declared.map { directory throws in
                Access(mode: directory.mode, owner: try inspector.owner(of: directory.owner))
            } ?? saved.impliedAccess(of: folder)
        guard let status else {
            try root.makeFolder(folder, mode: access.mode, owner: access.owner)
            touched.insert(DevicePath.parent(of: folder))
            return
        }
        // What stands and is only implied is the device's own, unless we had declared it.
        guard declared == nil ? scope.undeclared.contains(folder) : scope.covers(folder),
            access.difference(from: status) != nil
        else { return }
        try root.setOwner(folder, access.owner)
        try root.setMode(folder, access.mode)
        touched.insert(folder)
    }

    /// Whether what stands in the way is ours, or kept for the day when we go.
    private func mayGo(_ path: String) -> Bool {
        saved.originals[path] != nil || footprint.owner(of: path) != nil
    }

    // MARK: Files and links

    private mutating func place(_ item: StagedFiles.Item) throws {
        if footprint.once.contains(item.path) { return try placeOnce(item) }
        try makeRoom(at: item.path)
        try root.rename(item.staged, to: item.path)
        touched.insert(DevicePath.parent(of: item.path))
        touched.insert(DevicePath.parent(of: item.staged))
    }

    private func makeRoom(at path: String) throws {
        guard try root.standing(at: path)?.kind == .directory else { return }
        if footprint.owner(of: path) == nil {
            try root.removeFolder(path)
        } else {
            try root.removeTree(path)
        }
    }

    /// Whatever came to stand there meanwhile is the device's own.
    private mutating func placeOnce(_ item: StagedFiles.Item) throws {
        do throws(SystemError) {
            try root.rename(item.staged, to: item.path, replacing: false)
            touched.insert(DevicePath.parent(of: item.path))
            touched.insert(DevicePath.parent(of: item.staged))
        } catch {
            if !error.isAlreadyThere { throw error }
        }
    }

    // MARK: Owned directories

    /// In one instant, or file by file where the file system refuses that. The old directory goes
    /// with the stage, when all this is on the disk.
    private mutating func place(tree: StagedFiles.Item) throws {
        touched.insert(DevicePath.parent(of: tree.path))
        touched.insert(DevicePath.parent(of: tree.staged))
        if let found = try root.standing(at: tree.path), found.kind != .directory,
            mayGo(tree.path)
        {
            try root.unlink(tree.path)
        }
        guard try root.standing(at: tree.path) != nil else {
            return try root.rename(tree.staged, to: tree.path, replacing: false)
        }
        do throws(SystemError) {
            try root.exchange(tree.staged, tree.path)
        } catch {
            guard error.isExchangeRefused else { throw error }
            try placeOneByOne(tree)
        }
    }

    private mutating func placeOneByOne(_ tree: StagedFiles.Item) throws {
        let declared = Dictionary(
            state.directories.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for folder in [tree.path] + footprint.folders(in: tree.path) {
            try place(folder, as: declared[folder])
            touched.insert(folder)
        }
        for leaf in state.leaves {
            guard let staged = tree.place(of: leaf.path),
                try inspector.deviation(
                    of: leaf, at: leaf.path, without: scope.dropped(leaf)) != nil
            else { continue }
            try makeRoom(at: leaf.path)
            try root.rename(staged, to: leaf.path)
        }
    }

    private mutating func sweep(_ directory: String) throws {
        for extra in try Extras(root: root, footprint: footprint).find(in: directory)
        where scope.removes(extra.path, from: directory) {
            try root.removeTree(extra.path)
            touched.insert(DevicePath.parent(of: extra.path))
        }
    }

    /// A folder that went meanwhile has nothing left to lose.
    private func sync(_ folder: String) throws {
        if try root.standing(at: folder)?.kind == .directory { try root.syncFolder(folder) }
    }
}
