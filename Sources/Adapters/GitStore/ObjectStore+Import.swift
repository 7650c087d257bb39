internal import FleetModel
internal import Glibc

let openFolder = O_RDONLY | O_DIRECTORY

extension ObjectStore {
    package struct Imported: Equatable, Sendable {
        package var packs = 0
        package var objects = 0
        package var bytes = 0
    }

    /// Bytes of packs that wait in a bare repository at `incoming`: what importing them takes at
    /// least. Only a first word, by their sizes; what is read is counted when it is imported.
    package static func waitingBytes(in incoming: String) throws(GitError) -> Int {
        guard let folder = try packFolder(of: incoming) else { return 0 }
        var bytes = 0
        for name in try folder.names(limit: 8 * Limits.packs) where isPackName(name) {
            bytes += Int(try OpenFile(name, of: folder, flags: O_RDONLY).status().st_size)
        }
        return bytes
    }

    /// Nil where a fetch that found nothing new has left nothing.
    private static func packFolder(of incoming: String) throws(GitError) -> OpenFile? {
        var status = stat()
        if unsafe lstat("\(incoming)/objects", &status) != 0, errno == ENOENT { return nil }
        let root = try OpenFile(path: incoming, flags: openFolder)
        let objects = try OpenFile("objects", of: root, flags: openFolder)
        return try OpenFile("pack", of: objects, flags: openFolder)
    }

    /// Takes over what an unprivileged and possibly hostile user downloaded into the bare
    /// repository at `incoming`.
    ///
    /// Only packs are looked at, only regular files, and no symbolic link below `incoming` is
    /// followed. Their bytes are hashed again and their indexes made anew. What they name must be
    /// there too; else nothing is taken over. `limit` bounds the bytes of all packs together,
    /// `objectLimit` those of one object after it is inflated.
    /// Nobody else may write to `incoming` any more: its cgroup is empty.
    @discardableResult
    package func importPacks(
        from incoming: String, limit: Int, objectLimit: Int = Limits.gitObjectBytes
    ) throws(GitError) -> Imported {
        try requireWritable("import to")
        guard let folder = try Self.packFolder(of: incoming) else { return Imported() }
        // A pack, its index and what an aborted download left.
        let names = try folder.names(limit: 8 * Limits.packs).filter(isPackName)
        guard names.count <= Limits.packs else {
            throw GitError(
                .tooLarge, "import", incoming, "it has more than \(Limits.packs) packs")
        }
        var imported = Imported()
        if names.isEmpty { return imported }
        var quarantine = try Quarantine(in: self)
        do throws(GitError) {
            for name in names {
                try add(name, of: folder, to: &quarantine, &imported, limit)
            }
            try quarantine.requireClosure(objectLimit: objectLimit)
        } catch {
            try quarantine.discard()
            throw error
        }
        try quarantine.publish()
        try forgetNeed()
        return imported
    }

    private func add(
        _ name: String, of folder: borrowing OpenFile, to quarantine: inout Quarantine,
        _ imported: inout Imported, _ limit: Int
    ) throws(GitError) {
        let file = try OpenFile(name, of: folder, flags: O_RDONLY)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw GitError(.refused, "import", file.path, "it is not a regular file")
        }
        // The size is a first word only; what is read is counted too.
        var bytes = imported.bytes
        let tooLarge = GitError(
            .tooLarge, "import", file.path, "the packs have more than \(limit) bytes together")
        guard status.st_size <= limit - bytes else { throw tooLarge }
        imported.objects += try quarantine.add(named: file.path) { buffer throws(GitError) in
            let count = try file.read(into: &buffer)
            bytes += count
            guard bytes <= limit else { throw tooLarge }
            return count
        }
        imported.bytes = bytes
        imported.packs += 1
    }
}

/// `pack-`, 40 hexadecimal digits, `.pack`.
private func isPackName(_ name: String) -> Bool {
    guard begins(name, "pack-"), ends(name, ".pack"), name.utf8.count == 50 else { return false }
    return ObjectID(name.dropFirst(5).dropLast(5)) != nil
}
