package import Digests
package import FleetModel
internal import HostSystem

/// The files of one revision, read from the object store: nothing is checked out, and what is not
/// asked for is not read.
///
/// A folder is read once; its entries stay in memory for the tree's life, which is one resolution.
package struct GitRevisionTree: RevisionTree {
    private let store: ObjectStore
    private let root: ObjectID
    private let known: [ObjectID: (content: ContentDigest, size: Int)]
    private let folders = FolderCache()
    private var database: ObjectDatabase { store.database }

    /// `known` are digests of blobs that were measured before: an id means the same bytes for ever.
    init(
        store: ObjectStore, root: ObjectID,
        known: [ObjectID: (content: ContentDigest, size: Int)] = [:]
    ) {
        self.store = store
        self.root = root
        self.known = known
    }

    package func entries(of folder: String) throws(RevisionTreeError) -> [TreeEntry]? {
        try entries(of: Array(folder.utf8)[...])
    }

    package func entry(at path: String) throws(RevisionTreeError) -> TreeEntry? {
        try entry(at: Array(path.utf8)[...])
    }

    package func contents(of path: String, limit: Int) throws(RevisionTreeError) -> [UInt8]? {
        guard let entry = try entry(at: path), let object = entry.object,
            entry.kind == .file || entry.kind == .executable
        else { return nil }
        do throws(GitError) {
            if let bytes = try database.read(object, as: .blob, limit: limit) { return bytes }
        } catch {
            throw RevisionTreeError(
                error.code == .tooLarge ? .tooLarge(limit: limit) : .unreadable, path: path,
                message: error.message)
        }
        throw RevisionTreeError(
            .unreadable, path: path, message: "its object \(object.text) is missing")
    }

    package func measure(
        _ path: String, limit: Int
    ) throws(RevisionTreeError) -> (content: ContentDigest, size: Int)? {
        guard let entry = try entry(at: path), let object = entry.object,
            entry.kind == .file || entry.kind == .executable
        else { return nil }
        if let known = known[object], known.size <= limit { return known }
        var hasher = StreamedSHA256()
        var size = 0
        let isThere: Bool
        do {
            isThere = try store.readBlob(object, limit: limit) { part in
                hasher.update(part)
                size += part.count
            }
        } catch let error as GitError {
            throw RevisionTreeError(
                error.code == .tooLarge ? .tooLarge(limit: limit) : .unreadable, path: path,
                message: error.message)
        } catch {
            fatalError("only the store can fail here")
        }
        guard isThere else {
            throw RevisionTreeError(
                .unreadable, path: path, message: "its object \(object.text) is missing")
        }
        return (hasher.finalize(), size)
    }

    private func entry(at path: ArraySlice<UInt8>) throws(RevisionTreeError) -> TreeEntry? {
        let name: ArraySlice<UInt8>
        let parent: ArraySlice<UInt8>
        if let slash = path.lastIndex(of: UInt8(ascii: "/")) {
            // A path that begins with a slash has no parent here, and the root is "".
            guard slash > path.startIndex else { return nil }
            parent = path[..<slash]
            name = path[(slash + 1)...]
        } else {
            parent = path[..<path.startIndex]
            name = path
        }
        guard let entries = try entries(of: parent) else { return nil }
        return Self.find(name, in: entries)
    }

    /// Halves the folder again and again: a hostile one has 200,000 entries, and each of them may
    /// be asked for.
    private static func find(_ name: ArraySlice<UInt8>, in entries: [TreeEntry]) -> TreeEntry? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].name.utf8.lexicographicallyPrecedes(name) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < entries.count, entries[low].name.utf8.elementsEqual(name) else { return nil }
        return entries[low]
    }

    /// Calls itself for the parent folder; the depth is bounded first.
    private func entries(of folder: ArraySlice<UInt8>) throws(RevisionTreeError) -> [TreeEntry]? {
        if let known = folders.entries[Array(folder)] { return known }
        let path = String(decoding: folder, as: UTF8.self)
        guard folder.count(where: { $0 == UInt8(ascii: "/") }) < Limits.treeDepth else {
            throw RevisionTreeError(
                .tooLarge(limit: Limits.treeDepth), path: path,
                message: "folders are nested deeper than \(Limits.treeDepth) levels")
        }
        var object = root
        if !folder.isEmpty {
            guard let entry = try entry(at: folder), entry.kind == .folder,
                let child = entry.object
            else { return nil }
            object = child
        }
        let entries = try read(tree: object, path: path)
        // Counted by path and not by object: a tree that holds one subtree a thousand times is as
        // long to walk as a thousand subtrees.
        folders.count += entries.count
        guard folders.count <= Limits.treeEntries else {
            throw RevisionTreeError(
                .tooLarge(limit: Limits.treeEntries), path: path,
                message: "the revision has more than \(Limits.treeEntries) files and folders")
        }
        folders.entries[Array(folder)] = entries
        return entries
    }

    private func read(tree object: ObjectID, path: String) throws(RevisionTreeError)
        -> [TreeEntry]
    {
        let place = path.isEmpty ? "/" : path
        let bytes: [UInt8]?
        do throws(GitError) {
            bytes = try database.read(object, as: .tree, limit: Limits.treeBytes)
        } catch {
            throw RevisionTreeError(.unreadable, path: place, message: error.message)
        }
        guard let bytes else {
            throw RevisionTreeError(
                .unreadable, path: place, message: "its object \(object.text) is missing")
        }
        do throws(MalformedObject) {
            return try validatedEntries(tree: bytes)
        } catch {
            throw RevisionTreeError(
                .unreadable, path: place, message: "in tree \(object.short) \(error.message)")
        }
    }
}

/// Folders that were read, by the bytes of their path: a String compares by Unicode, Git does not.
private final class FolderCache {
    var entries: [[UInt8]: [TreeEntry]] = [:]
    var count = 0
}

/// The entries of a tree object in the order of their names' bytes. Everything that Git itself
/// would not have written is refused.
func validatedEntries(tree bytes: [UInt8]) throws(MalformedObject) -> [TreeEntry] {
    let raw = try RawTreeEntry.parse(tree: bytes)
    var texts: Set<String> = []
    var entries: [TreeEntry] = []
    entries.reserveCapacity(raw.count)
    var previous: [UInt8]?
    for entry in raw {
        if let objection = TreeNames.objection(to: entry.name) {
            throw MalformedObject(message: objection)
        }
        let name = String(decoding: entry.name, as: UTF8.self)
        // Git sorts a folder as if its name ended in a slash.
        let key = Array(entry.name) + (entry.mode == RawTreeEntry.folderMode ? [0x2f] : [])
        if let previous, !previous.lexicographicallyPrecedes(key) {
            throw MalformedObject(message: "'\(sanitized(name))' is not in Git's order")
        }
        previous = key
        // A set of Strings compares as people read: two spellings of one text would be one path to
        // everything that follows, and one of them would win by chance.
        guard texts.insert(name).inserted else {
            throw MalformedObject(
                message: "two entries have names that read the same: '\(sanitized(name))'")
        }
        guard let kind = kind(of: entry.mode) else {
            throw MalformedObject(
                message:
                    "'\(sanitized(name))' has the unknown mode \(String(entry.mode, radix: 8))")
        }
        entries.append(TreeEntry(name: name, kind: kind, object: entry.id))
    }
    return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
}

private func kind(of mode: UInt32) -> TreeEntry.Kind? {
    switch mode {
    // 0664 is what very old versions of Git wrote.
    case 0o100644, 0o100664: .file
    case 0o100755: .executable
    case 0o120000: .symbolicLink
    case RawTreeEntry.folderMode: .folder
    case RawTreeEntry.gitlinkMode: .submodule
    default: nil
    }
}
