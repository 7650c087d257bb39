package import Digests
package import FleetModel

/// The objects of a repository: on a device its own, root's, in which all content lives.
///
/// No configuration, no hook and no alternate has a say in it, and every object in it has all the
/// objects that it names (see `importPacks`), so that a revision that is there is there whole. Not
/// safe to share between threads; one process at a time writes (its caller holds the lock).
package final class ObjectStore {
    let database: ObjectDatabase
    let folder: RepositoryFolder
    private let isWritable: Bool
    /// For what libgit2 can't do; nil until somebody asks, and after packs came or went.
    var packs: [PackFile]?

    /// Makes a new store in a folder that is empty or does not exist.
    package init(creatingAt path: String) throws(GitError) {
        folder = try RepositoryFolder.create(at: path)
        database = try ObjectDatabase(objects: folder.objects)
        isWritable = true
    }

    /// Opens the store that `init(creatingAt:)` made.
    package init(openingAt path: String) throws(GitError) {
        folder = RepositoryFolder(path: path)
        guard folder.hasFile(path + "/HEAD"), folder.hasFile(folder.objects) else {
            throw GitError(.notFound, "open", path, "it is not a repository")
        }
        guard !folder.hasFile(folder.alternates) else {
            throw GitError(
                .refused, "open", path,
                "it borrows objects from elsewhere; remove \(folder.alternates)")
        }
        database = try ObjectDatabase(objects: folder.objects)
        isWritable = true
    }

    /// Reads an operator's ordinary repository, alternates included, and never writes to it.
    /// `path` is what `git rev-parse --git-common-dir` says.
    package init(readingRepositoryAt path: String) throws(GitError) {
        folder = RepositoryFolder(path: path)
        guard folder.hasFile(path + "/HEAD"), folder.hasFile(folder.objects) else {
            throw GitError(
                .notFound, "open", path,
                "it is not a repository's Git folder; name the folder that "
                    + "'git rev-parse --git-common-dir' prints")
        }
        try refuseOtherObjectFormats(of: folder)
        database = try ObjectDatabase(objects: folder.objects)
        isWritable = false
    }

    /// Where a fetch finds what needs no second download.
    package var objectsPath: String { folder.objects }

    package func contains(_ id: ObjectID) -> Bool { database.contains(id) }

    /// The raw bytes of a commit, exactly as they were signed; nil where it is not there. An object
    /// of another kind is an error.
    package func commit(_ id: ObjectID) throws(GitError) -> [UInt8]? {
        try database.read(id, as: .commit, limit: Limits.commitBytes)
    }

    /// The files of a commit. `known` are digests of blobs that were measured before.
    package func tree(
        of revision: Revision, known: [ObjectID: (content: ContentDigest, size: Int)] = [:]
    ) throws(GitError) -> GitRevisionTree {
        guard let bytes = try commit(revision) else {
            throw GitError(
                .notFound, "read commit", revision.text, "it is not in \(folder.path); fetch it")
        }
        do throws(MalformedObject) {
            let tree = try CommitReferences(commit: bytes).tree
            return GitRevisionTree(store: self, root: tree, known: known)
        } catch {
            throw GitError(.corrupt, "read commit", revision.text, error.message)
        }
    }

    /// The bytes of a blob; nil where it is not there. More than `limit` bytes are an error, found
    /// before they are read.
    package func blob(_ id: ObjectID, limit: Int) throws(GitError) -> [UInt8]? {
        try database.read(id, as: .blob, limit: limit)
    }

    /// The size of a blob without its contents; nil where it is not there.
    package func blobSize(_ id: ObjectID) throws(GitError) -> Int? {
        guard let header = try database.header(of: id) else { return nil }
        guard header.kind == .blob else {
            throw GitError(
                .corrupt, "read object", id.text, "it is a \(header.kind.rawValue), not a blob")
        }
        return header.size
    }

    /// The id that a blob has, or would have here.
    package func identify(blob: [UInt8]) throws(GitError) -> ObjectID {
        try database.identify(blob: blob)
    }

    /// Keeps bytes; they are on the disk when this returns.
    package func write(blob: [UInt8]) throws(GitError) -> ObjectID {
        try requireWritable("write to")
        guard blob.count <= Limits.gitObjectBytes else {
            throw GitError(
                .tooLarge, "write to", folder.path,
                "a blob may have at most \(Limits.gitObjectBytes) bytes")
        }
        // What is there is durable, and libgit2 would write down that it was asked for again.
        let known = try database.identify(blob: blob)
        if database.contains(known) { return known }
        let id = try database.write(blob: blob)
        // libgit2 syncs the file and its folder, not the name of a folder that is new.
        try synchronizeFolder(folder.objects)
        return id
    }

    func requireWritable(_ operation: String) throws(GitError) {
        guard isWritable else {
            throw GitError(.refused, operation, folder.path, "it was opened for reading only")
        }
    }
}

func synchronizeFolder(_ path: String) throws(GitError) {
    try OpenFile(path: path, flags: openFolder).makeDurable()
}

/// libgit2 1.5 knows SHA-1 only, and a store opened without its configuration would just not find
/// anything.
private func refuseOtherObjectFormats(of folder: RepositoryFolder) throws(GitError) {
    let config = folder.path + "/config"
    guard folder.hasFile(config) else { return }
    let text = String(
        decoding: try contents(ofFile: config, limit: Limits.credentialFileBytes), as: UTF8.self)
    for line in text.split(separator: "\n") {
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, trimmed(parts[0]).lowercased() == "objectformat",
            trimmed(parts[1]).lowercased() != "sha1"
        else { continue }
        throw GitError(
            .refused, "open", folder.path,
            "its objects are named by \(sanitized(trimmed(parts[1]))); Flotilla reads SHA-1 "
                + "repositories ('git init --object-format=sha1')")
    }
}

func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let last = text.utf8.last, last == 0x20 || last == 0x09 || last == 0x0d {
        text = text.dropLast()
    }
    return text.drop { $0 == " " || $0 == "\t" }
}
