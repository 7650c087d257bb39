internal import FleetModel
internal import Glibc

extension ObjectStore {
    /// Removes what a process that was killed left behind: lock files (a single one makes every
    /// later write fail), half-written packs and objects, an index without its pack and a pack
    /// without its index, a quarantine. To be called at start, under the caller's own lock.
    ///
    /// Returns how many files and folders went.
    @discardableResult
    package func sweep() throws(GitError) -> Int {
        try requireWritable("sweep")
        var removed = 0
        if try removeTree(folder.quarantine) { removed += 1 }
        removed += try removeFiles(in: folder.path) { ends($0, ".lock") }
        removed += try sweepReferences(folder.path + "/refs", depth: 0)
        removed += try removeFiles(in: folder.objects) {
            begins($0, "tmp_object") || ends($0, ".lock")
        }
        removed += try sweepPacks()
        return removed
    }

    private func sweepPacks() throws(GitError) -> Int {
        let names = Set(try names(in: folder.packs))
        return try removeFiles(in: folder.packs) { name in
            if begins(name, "pack_git2_") || ends(name, ".lock") { return true }
            if ends(name, ".idx") { return !names.contains(name.dropLast(4) + ".pack") }
            if ends(name, ".pack") { return !names.contains(name.dropLast(5) + ".idx") }
            return false
        }
    }

    private func sweepReferences(_ path: String, depth: Int) throws(GitError) -> Int {
        var removed = try removeFiles(in: path) { ends($0, ".lock") }
        guard depth < 8 else { return removed }
        for name in try names(in: path) where isFolder("\(path)/\(name)") {
            removed += try sweepReferences("\(path)/\(name)", depth: depth + 1)
        }
        return removed
    }
}

/// Files of one folder, at most; a store that was never repacked has two for each fetch.
private let entryLimit = 1_000_000

func names(in path: String) throws(GitError) -> [String] {
    try OpenFile(path: path, flags: openFolder).names(limit: entryLimit)
}

private func removeFiles(in path: String, where isStale: (String) -> Bool) throws(GitError) -> Int {
    var removed = 0
    for name in try names(in: path) where isStale(name) && !isFolder("\(path)/\(name)") {
        guard unsafe unlink("\(path)/\(name)") == 0 else {
            throw GitError.system("remove", "\(path)/\(name)", errno: errno)
        }
        removed += 1
    }
    return removed
}

/// Removes a folder of our own with everything in it; false where there is none.
func removeTree(_ path: String) throws(GitError) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
        guard errno == ENOENT else { throw GitError.system("remove", path, errno: errno) }
        return false
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        guard unsafe unlink(path) == 0 else {
            throw GitError.system("remove", path, errno: errno)
        }
        return true
    }
    for name in try names(in: path) { _ = try removeTree("\(path)/\(name)") }
    guard unsafe rmdir(path) == 0 else { throw GitError.system("remove", path, errno: errno) }
    return true
}

private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func begins(_ text: String, _ prefix: String) -> Bool {
    text.utf8.starts(with: prefix.utf8)
}

func ends(_ text: String, _ suffix: String) -> Bool {
    text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
}
