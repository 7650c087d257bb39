internal import Glibc

/// The folder of a bare repository, laid by hand: libgit2's own template brings hooks and looks for
/// the user's.
struct RepositoryFolder {
    let path: String

    var objects: String { path + "/objects" }
    var packs: String { path + "/objects/pack" }
    /// Where packs stand until they are known to be whole; see `Quarantine`.
    var quarantine: String { path + "/quarantine" }
    var alternates: String { path + "/objects/info/alternates" }
    /// See `ObjectStore.hasCollected` and `needsEverything`.
    var collected: String { path + "/collected" }
    var incomplete: String { path + "/incomplete" }

    /// Makes the repository in a folder that is empty or not there yet, and makes it durable.
    /// `borrowing` is the objects folder of another repository whose objects this one need not
    /// have.
    static func create(at path: String, borrowing: String? = nil) throws(GitError)
        -> RepositoryFolder
    {
        let folder = RepositoryFolder(path: path)
        try makeFolder(path)
        let root = try OpenFile(path: path, flags: O_RDONLY | O_DIRECTORY)
        guard try root.names(limit: 1_000).isEmpty else {
            throw GitError(
                .refused, "create a repository in", path,
                "the folder is not empty; remove what is in it")
        }
        for name in ["objects", "objects/info", "objects/pack", "refs", "refs/heads"] {
            try makeFolder("\(path)/\(name)")
        }
        if let borrowing { try writeFile(folder.alternates, "\(borrowing)\n") }
        try writeFile(
            "\(path)/config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
        // Last: without HEAD it is no repository, so a half-made one is never opened.
        try writeFile("\(path)/HEAD", "ref: refs/heads/main\n")
        for name in ["objects/info", "objects", "refs", "."] {
            try OpenFile(path: "\(path)/\(name)", flags: O_RDONLY | O_DIRECTORY).makeDurable()
        }
        return folder
    }

    func hasFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    private static func makeFolder(_ path: String) throws(GitError) {
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw GitError.system("create", path, errno: errno)
        }
    }

    private static func writeFile(_ path: String, _ text: String) throws(GitError) {
        let file = try OpenFile(path: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
        try file.write(Array(text.utf8))
        try file.makeDurable()
    }
}
