package import FleetModel

/// What a store must go on holding.
package struct KeptObjects: Equatable, Sendable {
    /// Commits with all their files. One whose tree the store lacks counts as one of `commits`.
    package var whole: [Revision]
    /// Commits without their files: what verifying goes through.
    package var commits: [Revision]
    package var blobs: [ObjectID]

    package init(whole: [Revision] = [], commits: [Revision] = [], blobs: [ObjectID] = []) {
        self.whole = whole
        self.commits = commits
        self.blobs = blobs
    }
}

/// All objects that something kept leads to.
struct ReachableObjects {
    private(set) var keys: Set<ObjectKey> = []
    private let database: ObjectDatabase

    /// A tree that is named and missing is an error: then nobody knows what is needed.
    init(from kept: KeptObjects, in database: ObjectDatabase) throws(GitError) {
        self.database = database
        for blob in kept.blobs { keys.insert(ObjectKey(blob)) }
        for commit in kept.commits { keys.insert(ObjectKey(commit)) }
        for commit in kept.whole { try add(commit) }
    }

    private mutating func add(_ commit: Revision) throws(GitError) {
        keys.insert(ObjectKey(commit))
        guard let bytes = try database.read(commit, as: .commit, limit: Limits.commitBytes)
        else { return }
        let references: CommitReferences
        do throws(MalformedObject) {
            references = try CommitReferences(commit: bytes)
        } catch {
            throw GitError(.corrupt, "read commit", commit.text, error.message)
        }
        if !database.contains(references.tree) { return }
        var waiting = [ObjectKey(references.tree)]
        keys.insert(ObjectKey(references.tree))
        while let tree = waiting.popLast() { waiting += try entries(of: tree) }
    }

    /// Adds what a tree names, and gives the folders that are new.
    private mutating func entries(of tree: ObjectKey) throws(GitError) -> [ObjectKey] {
        let id = tree.id
        guard let bytes = try database.read(id, as: .tree, limit: Limits.treeBytes) else {
            throw GitError(
                .corrupt, "read object", id.text, "it is missing from \(database.path)")
        }
        var folders: [ObjectKey] = []
        do throws(MalformedObject) {
            try RawTreeEntry.visit(tree: bytes) { mode, key in
                guard mode != RawTreeEntry.gitlinkMode, keys.insert(key).inserted else { return }
                if mode == RawTreeEntry.folderMode { folders.append(key) }
            }
        } catch {
            throw GitError(.corrupt, "read object", id.text, error.message)
        }
        return folders
    }
}
