internal import FleetModel
internal import Glibc

extension ObjectStore {
    /// What tidying did.
    package struct Tidied: Equatable, Sendable {
        /// Bytes on the disk before and after.
        package var before = 0
        package var after = 0
        /// Whether anything was removed.
        package var hasRemoved = false

        package init(before: Int = 0, after: Int = 0, hasRemoved: Bool = false) {
            self.before = before
            self.after = after
            self.hasRemoved = hasRemoved
        }
    }

    /// Bytes that the objects take.
    package func objectBytes() throws(GitError) -> Int {
        var bytes = 0
        for pack in try openPacks() { bytes += pack.size + fileBytes(pack.path + ".idx") }
        for object in try looseObjects() { bytes += object.bytes }
        return bytes
    }

    /// Whether there are so many packs that each look into them costs: each is opened and mapped
    /// whenever the store is.
    package func hasManyPacks() throws(GitError) -> Bool { try openPacks().count > manyPacks }

    /// Removes what `kept` does not lead to, where it pays: garbage of more than a quarter and more
    /// than `worthwhile` bytes, or so many packs that each look into them costs. `urgently` does it
    /// for any garbage.
    ///
    /// The new pack is made beside the old ones, hashed object by object, and moved in; only then the
    /// old ones go. Whoever is killed at any moment leaves a store that has all that is kept, and
    /// `sweep` removes the rest.
    package func tidy(
        keeping kept: KeptObjects, urgently: Bool = false, worthwhile: Int = 4 << 20
    ) throws(GitError) -> Tidied {
        try requireWritable("tidy")
        let needed = try ReachableObjects(from: kept, in: database).keys
        let plan = try TidyPlan(of: openPacks(), needed)
        let loose = try looseObjects().filter { !needed.contains($0.key) }
        let before = try objectBytes()
        let garbage = plan.garbage + loose.reduce(0) { $0 + $1.bytes }
        let pays = garbage > worthwhile && garbage * 4 > before
        guard pays || (urgently && garbage > 0) || plan.hasTooManyPacks else {
            return Tidied(before: before, after: before)
        }
        try noteCollection()
        let fresh = try publish(plan.rewrite)
        for pack in plan.replaced where !fresh.contains(pack.path) { try remove(pack) }
        for object in loose { try removeFile(object.path) }
        packs = nil
        try database.reopen()
        return Tidied(before: before, after: try objectBytes(), hasRemoved: true)
    }

    /// Gives the paths of the packs that are there now, without endings.
    private func publish(_ rewrite: PackRewrite) throws(GitError) -> Set<String> {
        if rewrite.isEmpty { return [] }
        var quarantine = try Quarantine(in: self)
        do throws(GitError) {
            _ = try quarantine.add(named: "the objects that are kept") {
                (take: (ArraySlice<UInt8>) throws(GitError) -> Void) throws(GitError) in
                try rewrite.write { part throws(GitError) in try take(part[...]) }
            }
            try quarantine.requireObjects(rewrite.keys)
        } catch {
            try quarantine.discard()
            throw error
        }
        try quarantine.publish()
        return Set(quarantine.packs.map { "\(folder.packs)/\($0)" })
    }

    /// The index first: a pack without one is nobody's, and `sweep` removes it.
    private func remove(_ pack: PackFile) throws(GitError) {
        for ending in [".idx", ".pack"] { try removeFile(pack.path + ending) }
    }

    private func removeFile(_ path: String) throws(GitError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw GitError.system("remove", path, errno: errno)
        }
    }

    func openPacks() throws(GitError) -> [PackFile] {
        if let packs { return packs }
        var found: [PackFile] = []
        for name in try names(in: folder.packs) where ends(name, ".idx") {
            let path = "\(folder.packs)/\(name.dropLast(4))"
            // An index without its pack is swept at the next start.
            if folder.hasFile(path + ".pack") { found.append(try PackFile(path)) }
        }
        packs = found
        return found
    }

    private func looseObjects() throws(GitError) -> [(key: ObjectKey, path: String, bytes: Int)] {
        var found: [(key: ObjectKey, path: String, bytes: Int)] = []
        for folderName in try names(in: folder.objects) where folderName.utf8.count == 2 {
            for name in try names(in: "\(folder.objects)/\(folderName)") {
                guard let id = ObjectID(folderName + name) else { continue }
                let path = "\(folder.objects)/\(folderName)/\(name)"
                found.append((ObjectKey(id), path, fileBytes(path)))
            }
        }
        return found
    }

    /// On the disk; 0 where there is no file.
    private func fileBytes(_ path: String) -> Int {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }

    // MARK: What a server may count on

    /// Whether objects were ever removed here that a commit of this store leads to. A server that is
    /// told of that commit believes that they are here, and may leave them out.
    package var hasCollected: Bool { folder.hasFile(folder.collected) }

    private func noteCollection() throws(GitError) {
        if !hasCollected { try note(folder.collected) }
    }

    /// Whether the last download lacked what a server believed to be here: then the next one must
    /// bring everything.
    package var needsEverything: Bool { folder.hasFile(folder.incomplete) }

    /// Says so to the next fetch.
    package func askForEverything() throws(GitError) {
        try requireWritable("note in")
        if hasCollected, !needsEverything { try note(folder.incomplete) }
    }

    func forgetNeed() throws(GitError) {
        guard needsEverything else { return }
        try removeFile(folder.incomplete)
        try synchronizeFolder(folder.path)
    }

    private func note(_ path: String) throws(GitError) {
        let file = try OpenFile(path: path, flags: O_WRONLY | O_CREAT, mode: 0o644)
        try file.makeDurable()
        try synchronizeFolder(folder.path)
    }
}

/// Which packs stay as they are, and what is taken from the others.
private struct TidyPlan {
    let rewrite: PackRewrite
    let replaced: [PackFile]
    let garbage: Int
    let hasTooManyPacks: Bool

    init(of packs: [PackFile], _ needed: Set<ObjectKey>) throws(GitError) {
        hasTooManyPacks = packs.count > manyPacks
        var replaced: [PackFile] = []
        var held: Set<ObjectKey> = []
        // Large ones first: what they hold need not be taken from others.
        for pack in packs.sorted(by: { $0.size > $1.size }) {
            let (keys, bytes) = try Self.share(of: pack, needed, without: held)
            // Nearly all of it is needed: writing it again gains little, and costs much if it is large.
            let isLarge = pack.size > 8 << 20
            if isLarge && bytes * 4 >= pack.size * 3
                || !hasTooManyPacks && bytes * 10 >= pack.size * 9
            {
                held.formUnion(keys)
            } else {
                replaced.append(pack)
            }
        }
        rewrite = try PackRewrite(of: replaced) { needed.contains($0) && !held.contains($0) }
        self.replaced = replaced
        garbage = max(0, replaced.reduce(0) { $0 + $1.size } - rewrite.bytes)
    }

    private static func share(
        of pack: PackFile, _ needed: Set<ObjectKey>, without held: Set<ObjectKey>
    ) throws(GitError) -> (keys: [ObjectKey], bytes: Int) {
        var keys: [ObjectKey] = []
        var bytes = 0
        for (offset, place) in try pack.objects() {
            let key = try pack.index.key(at: place)
            guard needed.contains(key), !held.contains(key) else { continue }
            keys.append(key)
            bytes += try pack.span(at: offset).end - offset
        }
        return (keys, bytes)
    }
}

/// More packs than this are made one.
private let manyPacks = 50
