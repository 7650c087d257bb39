internal import DeviceRecords
internal import Digests
internal import FleetModel
internal import HostSystem

/// Saves what stands at a path before Flotilla takes it over, and puts it back when Flotilla lets
/// it go.
struct Originals {
    let store: RecordStore
    private var root: Root { store.root }

    init(store: RecordStore) { self.store = store }

    func read() throws -> SavedFiles {
        try store.read(SavedFiles.self, at: SavedFiles.index) ?? SavedFiles()
    }

    func write(_ saved: SavedFiles) throws {
        try root.makeFolders(StateLayout.saved)
        try store.write(saved, at: SavedFiles.index)
    }

    // MARK: Saving

    /// Saves what stands at the paths of a state that are not saved yet. Durable when it returns.
    func save(for state: DesiredState) throws -> SavedFiles {
        var saved = try read()
        let before = saved
        let system = try HostFacts.system(of: root)
        if saved.seen == nil { saved.seen = try VendorFiles(store: store).mark() }
        let footprint = Footprint(of: state)
        for path in footprint.leaves.union(footprint.directories).sorted()
        where saved.originals[path] == nil {
            try save(path, in: &saved, system)
        }
        for path in footprint.parents.union(footprint.once).sorted()
        where saved.originals[path] == nil {
            // What is there belongs to the device; what we make goes with us.
            let status = try root.standing(at: path)
            if status == nil { saved.originals[path] = .absent }
        }
        for directory in footprint.owned.sorted() where !saved.owned.contains(directory) {
            try save(everythingIn: directory, footprint, &saved, system)
        }
        if saved != before { try write(saved) }
        return saved
    }

    private func save(_ path: String, in saved: inout SavedFiles, _ system: String?) throws {
        let original = try self.original(at: path)
        saved.originals[path] = original
        if case .file = original { saved.systems[path] = system }
    }

    /// What a directory holds that becomes owned. What a program makes anew, such as a socket, is
    /// not kept.
    private func save(
        everythingIn directory: String, _ footprint: Footprint, _ saved: inout SavedFiles,
        _ system: String?
    ) throws {
        if try root.standing(at: directory)?.kind == .directory {
            let extras = Extras(root: root, footprint: footprint)
            try extras.everything(in: directory) { path, status in
                guard saved.originals[path] == nil, status.kind != .other else { return }
                try save(path, in: &saved, system)
            }
        }
        saved.owned.insert(directory)
    }

    private func original(at path: String) throws -> SavedFiles.Original {
        let status = try root.standing(at: path)
        guard let status else { return .absent }
        switch status.kind {
        case .directory:
            return .directory(mode: status.mode, owner: status.owner)
        case .symbolicLink:
            let target = try root.readLink(path)
            return .link(target: target ?? "")
        case .file:
            return try copy(path, status)
        case .other:
            throw TransactionError(
                .blocked, path: path, message: "a special file stands there, and can't be saved")
        }
    }

    /// Keeps a file's bytes, and returns what else there is to know of it.
    func copy(_ path: String, _ status: FileStatus) throws(SystemError) -> SavedFiles.Original {
        guard let bytes = try root.readFile(path, limit: Limits.fileBytes) else { return .absent }
        let digest = SHA256.hash(bytes)
        let place = SavedFiles.contents(digest)
        if try root.contentDigest(of: place) != digest {
            try root.makeFolders(StateLayout.saved)
            try root.replaceFile(place, with: bytes, mode: 0o600)
        }
        return .file(
            SavedFiles.SavedFile(
                content: digest, size: bytes.count, mode: status.mode, owner: status.owner,
                attributes: try root.attributes(of: path)))
    }

    // MARK: Forgetting

    /// Forgets the originals of paths that a settled state does not hold: they are back, and what
    /// happens to them from now on is the device's own business. So is a file that was placed once.
    func forget(allBut state: DesiredState) throws {
        var saved = try read()
        let footprint = Footprint(of: state)
        let leaving =
            saved.leaving(footprint, onTheWayBack: false)
            + saved.originals.keys.filter(footprint.once.contains)
        let isOwnedNoMore = !saved.owned.isSubset(of: footprint.owned)
        if !leaving.isEmpty || isOwnedNoMore {
            for path in leaving { saved.forget(path) }
            saved.owned.formIntersection(footprint.owned)
            try write(saved)
        }
        try removeUnusedContents(saved)
    }

    private func removeUnusedContents(_ saved: SavedFiles) throws {
        let used = Set(
            saved.originals.values.compactMap { original in
                if case .file(let file) = original { file.content } else { nil }
            })
        let names = try root.listFolder(StateLayout.saved, limit: Limits.files * 2) ?? []
        for name in names {
            guard let digest = ContentDigest(name), !used.contains(digest) else { continue }
            try root.unlink(SavedFiles.contents(digest), missingIsFine: true)
        }
    }
}
