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

    // MARK: Saving

    /// Saves what stands at the paths of a state that are not saved yet. Durable when it returns.
    func save(for state: DesiredState) throws -> SavedFiles {
        var saved = try read()
        let before = saved
        let footprint = Footprint(of: state)
        for path in footprint.files.union(footprint.directories).sorted()
        where saved.originals[path] == nil {
            saved.originals[path] = try save(path)
        }
        for path in footprint.parents.sorted() where saved.originals[path] == nil {
            // A folder that is there belongs to the device; one that we make goes with us.
            let status = try root.standing(at: path)
            if status == nil { saved.originals[path] = .absent }
        }
        if saved != before { try write(saved) }
        return saved
    }

    private func save(_ path: String) throws -> SavedFiles.Original {
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

    private func copy(
        _ path: String, _ status: FileStatus
    ) throws(SystemError) -> SavedFiles.Original {
        guard let bytes = try root.readFile(path, limit: Limits.fileBytes) else { return .absent }
        let digest = SHA256.hash(bytes)
        let place = SavedFiles.contents(digest)
        if try root.contentDigest(of: place) != digest {
            try root.makeFolders(StateLayout.saved)
            try root.replaceFile(place, with: bytes, mode: 0o600)
        }
        return .file(
            content: digest, size: bytes.count, mode: status.mode, owner: status.owner)
    }

    private func write(_ saved: SavedFiles) throws {
        try root.makeFolders(StateLayout.saved)
        try store.write(saved, at: SavedFiles.index)
    }

    // MARK: Putting back

    /// Makes the paths what they were, and returns the folders to synchronise. What is already so
    /// stays untouched.
    func putBack(
        _ paths: [String], from saved: SavedFiles, _ inspector: inout Inspector
    ) throws -> Set<String> {
        var touched: Set<String> = []
        // From the deepest up, so that our folders are empty when their turn comes.
        for path in paths.sorted(by: >) where saved.originals[path] == .absent {
            if try remove(path) { touched.insert(DevicePath.parent(of: path)) }
        }
        for path in paths.sorted() {
            let changed =
                switch saved.originals[path] {
                case .file(let content, let size, let mode, let owner):
                    try putBack(
                        path,
                        ExpectedFile(
                            content: content, size: size, access: Access(mode: mode, owner: owner)),
                        &inspector)
                case .link(let target): try putBack(path, linkTo: target)
                case .directory(let mode, let owner):
                    try putBack(path, Access(mode: mode, owner: owner))
                case .absent, nil: false
                }
            if changed { touched.insert(DevicePath.parent(of: path)) }
        }
        return touched
    }

    /// Whether there was something to remove. A folder that somebody else uses too stays.
    private func remove(_ path: String) throws -> Bool {
        guard let status = try root.standing(at: path) else { return false }
        if status.kind == .directory { return try removeFolderIfEmpty(path) }
        try root.unlink(path)
        return true
    }

    func removeFolderIfEmpty(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try root.removeFolder(path)
            return true
        } catch {
            if error.isAlreadyThere { return false }
            throw error
        }
    }

    private func putBack(
        _ path: String, _ expected: ExpectedFile, _ inspector: inout Inspector
    ) throws -> Bool {
        if try inspector.difference(from: expected, at: path) == nil { return false }
        let place = SavedFiles.contents(expected.content)
        let bytes = try root.readFile(place, limit: Limits.fileBytes)
        guard let bytes, SHA256.hash(bytes) == expected.content else {
            throw TransactionError(
                .originalLost, path: path,
                message: "the file that stood here before can't be put back: its copy \(place) is "
                    + (bytes == nil ? "missing" : "damaged"))
        }
        try makeRoom(at: path)
        let ready = temporaryName(for: path)
        try root.unlink(ready, missingIsFine: true)
        try root.createFile(
            ready, contents: bytes, mode: expected.access.mode, owner: expected.access.owner)
        try root.rename(ready, to: path)
        return true
    }

    private func putBack(_ path: String, linkTo target: String) throws -> Bool {
        if try root.readLink(path) == target { return false }
        try makeRoom(at: path)
        let ready = temporaryName(for: path)
        try root.unlink(ready, missingIsFine: true)
        try root.symbolicLink(target, at: ready)
        try root.rename(ready, to: path)
        return true
    }

    private func putBack(_ path: String, _ access: Access) throws -> Bool {
        if let status = try root.standing(at: path) {
            if status.kind == .directory {
                if access.difference(from: status) == nil { return false }
                try root.setOwner(path, access.owner)
                try root.setMode(path, access.mode)
                return true
            }
            try root.unlink(path)
        }
        try root.makeFolders(DevicePath.parent(of: path))
        try root.makeFolder(path, mode: access.mode, owner: access.owner)
        return true
    }

    /// The folder above may have been removed, and a folder of ours may stand in the place.
    private func makeRoom(at path: String) throws(SystemError) {
        try root.makeFolders(DevicePath.parent(of: path))
        if try root.standing(at: path)?.kind == .directory { try root.removeFolder(path) }
    }

    private func temporaryName(for path: String) -> String {
        DevicePath.join(
            DevicePath.parent(of: path), ".flotilla-saved-\(DevicePath.name(of: path))")
    }

    // MARK: Forgetting

    /// Forgets the originals of paths that a settled state does not hold: they are back, and what
    /// happens to them from now on is the device's own business.
    func forget(allBut state: DesiredState) throws {
        var saved = try read()
        let leaving = saved.leaving(Footprint(of: state))
        if !leaving.isEmpty {
            for path in leaving { saved.originals[path] = nil }
            try write(saved)
        }
        try removeUnusedContents(saved)
    }

    private func removeUnusedContents(_ saved: SavedFiles) throws {
        let used = Set(
            saved.originals.values.compactMap { original in
                if case .file(let content, _, _, _) = original { content } else { nil }
            })
        let names = try root.listFolder(StateLayout.saved, limit: Limits.files * 2) ?? []
        for name in names {
            guard let digest = ContentDigest(name), !used.contains(digest) else { continue }
            try root.unlink(SavedFiles.contents(digest), missingIsFine: true)
        }
    }
}
