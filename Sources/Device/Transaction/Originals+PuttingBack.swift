internal import DeviceRecords
internal import Digests
internal import FleetModel
internal import HostSystem

extension Originals {
    private var root: Root { store.root }

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
                case .file(let file): try putBack(path, file, &inspector)
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

    private func removeFolderIfEmpty(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try root.removeFolder(path)
            return true
        } catch {
            if error.isAlreadyThere { return false }
            throw error
        }
    }

    private func putBack(
        _ path: String, _ file: SavedFiles.SavedFile, _ inspector: inout Inspector
    ) throws -> Bool {
        var expected = ExpectedFile(of: file)
        expected.dropped = try ownAttributes(of: path).filter { file.attributes[$0] == nil }
        if try inspector.difference(from: expected, at: path) == nil { return false }
        let place = SavedFiles.contents(file.content)
        let bytes = try root.readFile(place, limit: Limits.fileBytes)
        guard let bytes, SHA256.hash(bytes) == file.content else {
            throw TransactionError(
                .originalLost, path: path,
                message: "the file that stood here before can't be put back: its copy \(place) is "
                    + (bytes == nil ? "missing" : "damaged"))
        }
        try makeRoom(at: path)
        let ready = temporaryName(for: path)
        try root.unlink(ready, missingIsFine: true)
        try root.createFile(ready, contents: bytes, mode: file.mode, owner: file.owner)
        if !file.attributes.isEmpty {
            try root.setAttributes(file.attributes, of: ready)
        }
        try root.rename(ready, to: path)
        return true
    }

    /// Those that a bundle may have given to a file, which may be the original in all else.
    private func ownAttributes(of path: String) throws -> [String] {
        guard try root.standing(at: path)?.kind == .file else { return [] }
        return try root.attributes(of: path).keys.filter { $0.utf8.starts(with: "user.".utf8) }
    }

    private func putBack(_ path: String, linkTo target: String) throws -> Bool {
        if try root.standing(at: path) != nil, try root.readLink(path) == target { return false }
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
}

extension ExpectedFile {
    init(of file: SavedFiles.SavedFile) {
        self.init(
            content: file.content, size: file.size,
            access: Access(mode: file.mode, owner: file.owner), attributes: file.attributes)
    }
}
