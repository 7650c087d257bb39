internal import CGit2
internal import FleetModel
internal import Glibc

/// A place inside the store where packs from outside stand until they are proven: every byte hashed
/// again, and every object that they name either among them or already in the store.
///
/// Without the second proof a hostile server could plant a commit without its files; every later
/// fetch would find the commit there, download nothing, and the device would never get the release.
struct Quarantine {
    private let store: ObjectStore
    private let folder: RepositoryFolder
    /// Their names, without endings.
    private(set) var packs: [String] = []

    init(in store: ObjectStore) throws(GitError) {
        self.store = store
        _ = try removeTree(store.folder.quarantine)
        folder = try RepositoryFolder.create(at: store.folder.quarantine)
    }

    /// Hashes a pack from outside and writes it and its index; returns how many objects it has.
    /// `next` fills a buffer and returns how many bytes it filled, 0 at the end.
    mutating func add(
        named source: String, next: (inout [UInt8]) throws(GitError) -> Int
    ) throws(GitError) -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        return try add(named: source) { take throws(GitError) in
            while true {
                let count = try next(&buffer)
                if count == 0 { return }
                try take(buffer[..<count])
            }
        }
    }

    /// The same for who hands the bytes over by himself.
    mutating func add(
        named source: String,
        giving: ((ArraySlice<UInt8>) throws(GitError) -> Void) throws(GitError) -> Void
    ) throws(GitError) -> Int {
        var options = unsafe git_indexer_options()
        try check(
            "index", source,
            unsafe git_indexer_options_init(&options, UInt32(GIT_INDEXER_OPTIONS_VERSION)))
        var indexer: OpaquePointer?
        // The store is given for deltas whose base a bundle leaves out.
        try check(
            "index", source,
            unsafe git_indexer_new(
                &indexer, folder.packs, 0o444, store.database.handle, &options))
        defer { unsafe git_indexer_free(indexer) }
        var progress = git_indexer_progress()
        try giving { (part: ArraySlice<UInt8>) throws(GitError) in
            let result = unsafe part.withUnsafeBytes { bytes in
                unsafe git_indexer_append(indexer, bytes.baseAddress, bytes.count, &progress)
            }
            try check("index", source, result)
        }
        try check("index", source, unsafe git_indexer_commit(indexer, &progress))
        guard let name = unsafe git_indexer_name(indexer) else {
            fatalError("a committed indexer has a name")
        }
        packs.append("pack-\(unsafe String(cString: name))")
        return Int(progress.total_objects)
    }

    /// Proves that nothing is missing, and that no object is larger than any that may be read.
    func requireClosure(objectLimit: Int) throws(GitError) {
        let arrived = try ObjectDatabase(objects: folder.objects)
        let ids = try arrived.allObjects(limit: Limits.packObjects)
        let known = Set(ids)
        for id in ids {
            for reference in try references(of: id, in: arrived, objectLimit)
            where !known.contains(reference) && !store.contains(reference) {
                throw GitError(
                    .corrupt, "import", id.text,
                    "the object \(reference.text) that it names is missing; the download is "
                        + "not whole")
            }
        }
    }

    /// Proves of a pack that was made here that it has all that it was made for.
    func requireObjects(_ keys: some Sequence<ObjectKey>) throws(GitError) {
        var indexes: [PackIndex] = []
        for pack in packs { indexes.append(try PackIndex("\(folder.packs)/\(pack).idx")) }
        for key in keys {
            var isThere = false
            for index in indexes where try index.place(of: key) != nil { isThere = true }
            guard isThere else {
                throw GitError(
                    .corrupt, "pack", key.id.text, "the new pack lacks it; nothing was removed")
            }
        }
    }

    /// Moves the packs into the store. Killed in between, it leaves a pack without an index, which
    /// nothing reads and `sweep` removes.
    func publish() throws(GitError) {
        for pack in packs {
            for suffix in [".pack", ".idx"] {
                let target = "\(store.folder.packs)/\(pack)\(suffix)"
                guard unsafe rename("\(folder.packs)/\(pack)\(suffix)", target) == 0 else {
                    throw GitError.system("write", target, errno: errno)
                }
                try synchronizeFolder(store.folder.packs)
            }
        }
        store.packs = nil
        try store.database.refresh()
        try discard()
    }

    func discard() throws(GitError) {
        _ = try removeTree(folder.path)
    }

    private func references(
        of id: ObjectID, in database: ObjectDatabase, _ objectLimit: Int
    ) throws(GitError) -> [ObjectID] {
        guard let header = try database.header(of: id) else {
            throw GitError(.corrupt, "import", id.text, "it is listed and not there")
        }
        guard header.size <= objectLimit else {
            throw GitError(
                .tooLarge, "import", id.text,
                "it has \(header.size) bytes, more than the \(objectLimit) that are allowed")
        }
        do throws(MalformedObject) {
            switch header.kind {
            case .blob, .tag:
                // Nobody follows a tag in the store.
                return []
            case .commit:
                let bytes = try read(id, .commit, Limits.commitBytes, database)
                let references = try CommitReferences(commit: bytes)
                return [references.tree] + references.parents
            case .tree:
                let bytes = try read(id, .tree, Limits.treeBytes, database)
                // A gitlink names a commit of another repository.
                return try RawTreeEntry.parse(tree: bytes)
                    .filter { $0.mode != RawTreeEntry.gitlinkMode }.map(\.id)
            }
        } catch {
            throw GitError(.corrupt, "import", id.text, error.message)
        }
    }

    private func read(
        _ id: ObjectID, _ kind: ObjectKind, _ limit: Int, _ database: ObjectDatabase
    ) throws(MalformedObject) -> [UInt8] {
        do throws(GitError) {
            if let bytes = try database.read(id, as: kind, limit: limit) { return bytes }
        } catch {
            throw MalformedObject(message: error.message)
        }
        throw MalformedObject(message: "it is listed and not there")
    }
}
