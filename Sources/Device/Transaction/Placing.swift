internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// What comes after the commit point: each path gets what the new generation wants, and what it does
/// not hold any more becomes what it was before Flotilla.
struct Placing {
    let store: RecordStore
    let scope: MoveScope
    let state: DesiredState
    let saved: SavedFiles
    var inspector: Inspector

    private var touched: Set<String> = []
    private var root: Root { store.root }

    init(
        store: RecordStore, scope: MoveScope, state: DesiredState, saved: SavedFiles,
        inspector: Inspector
    ) {
        self.store = store
        self.scope = scope
        self.state = state
        self.saved = saved
        self.inspector = inspector
    }

    mutating func run(_ items: [StagedFiles.Item]) throws {
        let footprint = Footprint(of: state)
        // Healing leaves alone what the generation does not hold.
        let leaving = !scope.isHealing ? saved.leaving(footprint) : []
        // Only what is in the way goes before the new files stand: others may need the rest.
        let inTheWay = Set(
            leaving.filter { path in
                DevicePath.ancestors(of: path).contains { footprint.files.contains($0) }
            })
        try putBack(inTheWay)
        try placeFolders()
        for item in items { try place(item) }
        try putBack(leaving.filter { !inTheWay.contains($0) })
        for folder in touched.sorted() { try sync(folder) }
    }

    private mutating func putBack(_ paths: some Sequence<String>) throws {
        let originals = Originals(store: store)
        touched.formUnion(try originals.putBack(Array(paths), from: saved, &inspector))
    }

    private mutating func placeFolders() throws {
        let declared = Dictionary(
            state.directories.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var folders: Set<String> = []
        for directory in state.directories where scope.covers(directory.path, of: directory.bundle)
        {
            folders.insert(directory.path)
            folders.formUnion(DevicePath.ancestors(of: directory.path))
        }
        for file in state.files where scope.covers(file) {
            folders.formUnion(DevicePath.ancestors(of: file.path))
        }
        for folder in folders.sorted() { try place(folder, as: declared[folder]) }
    }

    private mutating func place(
        _ folder: String, as declared: DesiredDirectory?
    ) throws {
        let access = try declared.map { directory throws in
            Access(mode: directory.mode, owner: try inspector.owner(of: directory.owner))
        }
        var status = try root.standing(at: folder)
        if let found = status, found.kind != .directory, saved.originals[folder] != nil {
            // A file of an older generation, or what somebody put in our place.
            try root.unlink(folder)
            status = nil
        }
        guard let status else {
            try root.makeFolder(folder, mode: access?.mode ?? 0o755, owner: access?.owner)
            touched.insert(DevicePath.parent(of: folder))
            return
        }
        guard let declared, let access, scope.covers(folder, of: declared.bundle),
            access.difference(from: status) != nil
        else { return }
        try root.setOwner(folder, access.owner)
        try root.setMode(folder, access.mode)
        touched.insert(folder)
    }

    private mutating func place(_ item: StagedFiles.Item) throws {
        if try root.standing(at: item.path)?.kind == .directory {
            try root.removeFolder(item.path)
        }
        try root.rename(item.staged, to: item.path)
        touched.insert(DevicePath.parent(of: item.path))
        touched.insert(DevicePath.parent(of: item.staged))
    }

    /// A folder that went meanwhile has nothing left to lose.
    private func sync(_ folder: String) throws {
        if try root.standing(at: folder)?.kind == .directory { try root.syncFolder(folder) }
    }
}
