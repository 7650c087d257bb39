import FleetModel
import Foundation
import GitStore
import TestSupport
import Testing

@Suite struct ObjectStoreTests {
    @Test("A new store is a bare repository that git itself finds whole")
    func newStoreIsValid() throws {
        try withStore { fixture in
            let blob = try fixture.store.write(blob: Array("hello\n".utf8))
            let path = fixture.folder.appendingPathComponent("store").path
            let text = try run("git", ["--git-dir", path, "cat-file", "blob", blob.text])
            #expect(String(decoding: text, as: UTF8.self) == "hello\n")
            try run("git", ["--git-dir", path, "fsck", "--strict"])
            #expect(!FileManager.default.fileExists(atPath: path + "/hooks"))
        }
    }

    @Test("Blobs come back as they were written, also the empty one")
    func blobsComeBack() throws {
        try withStore { fixture in
            for bytes in [[], [0, 1, 2, 255], Array(noise(100_000))] as [[UInt8]] {
                let id = try fixture.store.write(blob: bytes)
                #expect(try fixture.store.blob(id, limit: bytes.count) == bytes)
                #expect(try fixture.store.blobSize(id) == bytes.count)
                #expect(fixture.store.contains(id))
            }
        }
    }

    @Test("What was written is there for the next process that opens the store")
    func storeOpensAgain() throws {
        try withStore { fixture in
            let id = try fixture.store.write(blob: [1, 2, 3])
            let again = try ObjectStore(
                openingAt: fixture.folder.appendingPathComponent("store").path)
            #expect(try again.blob(id, limit: 3) == [1, 2, 3])
        }
    }

    @Test("An object that is not there is nil and not an error")
    func absentObjectsAreNil() throws {
        try withStore { fixture in
            let nobody = try id(String(repeating: "1", count: 40))
            #expect(try fixture.store.blob(nobody, limit: 10) == nil)
            #expect(try fixture.store.blobSize(nobody) == nil)
            #expect(try fixture.store.commit(nobody) == nil)
            #expect(!fixture.store.contains(nobody))
            let error = #expect(throws: GitError.self) { try fixture.store.tree(of: nobody) }
            #expect(error?.code == .notFound)
        }
    }

    @Test("A blob over the limit is an error before it is read")
    func largeBlobIsRefused() throws {
        try withStore { fixture in
            let id = try fixture.store.write(blob: [1, 2, 3, 4])
            let error = #expect(throws: GitError.self) {
                try fixture.store.blob(id, limit: 3)
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test("A blob is not a commit, and a commit is not a blob")
    func kindsAreChecked() throws {
        try withStore { fixture in
            try fixture.source.write("a", "a")
            let commit = try id(fixture.source.commit("one"))
            _ = try fixture.store.importPacks(from: fixture.downloaded().path, limit: 1 << 20)
            let blob = try fixture.store.write(blob: [1])
            #expect(throws: GitError.self) { try fixture.store.commit(blob) }
            #expect(throws: GitError.self) { try fixture.store.blob(commit, limit: 1_000) }
            #expect(throws: GitError.self) { try fixture.store.blobSize(commit) }
        }
    }

    @Test("An object whose bytes were changed on the disk is corrupt")
    func changedObjectIsCorrupt() throws {
        try withStore { fixture in
            let right = try fixture.store.write(blob: Array("right".utf8))
            let wrong = try fixture.store.write(blob: Array("wrong".utf8))
            func file(_ id: ObjectID) -> URL {
                fixture.folder.appendingPathComponent(
                    "store/objects/\(id.text.prefix(2))/\(id.text.dropFirst(2))")
            }
            try FileManager.default.removeItem(at: file(right))
            try FileManager.default.copyItem(at: file(wrong), to: file(right))
            let error = #expect(throws: GitError.self) {
                try fixture.store.blob(right, limit: 10)
            }
            #expect(error?.code == .corrupt)
        }
    }

    @Test("A store that borrows objects from elsewhere is not opened")
    func alternatesAreRefused() throws {
        try withStore { fixture in
            let path = fixture.folder.appendingPathComponent("store").path
            try Data("/tmp\n".utf8).write(
                to: URL(fileURLWithPath: path + "/objects/info/alternates"))
            let error = #expect(throws: GitError.self) { try ObjectStore(openingAt: path) }
            #expect(error?.code == .refused)
        }
    }

    @Test("A folder that is not empty does not become a store, and no store is not opened")
    func foldersAreChecked() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: GitError.self) { try ObjectStore(openingAt: folder.path) }
            #expect(error?.code == .notFound)
            try Data().write(to: folder.appendingPathComponent("mine"))
            let refusal = #expect(throws: GitError.self) {
                try ObjectStore(creatingAt: folder.path)
            }
            #expect(refusal?.code == .refused)
        }
    }

    @Test("The sweep removes what a killed process left, and nothing else")
    func sweepRemovesLeftovers() throws {
        try withStore { fixture in
            try fixture.source.write("a", "a")
            let commit = try id(fixture.source.commit("one"))
            _ = try fixture.store.importPacks(from: fixture.downloaded().path, limit: 1 << 20)
            let blob = try fixture.store.write(blob: [7])
            let root = fixture.folder.appendingPathComponent("store")
            let zeros = String(repeating: "0", count: 40)
            let ones = String(repeating: "1", count: 40)
            let leftovers = [
                "refs/heads/main.lock", "HEAD.lock", "objects/pack/pack_git2_abc123",
                "objects/pack/pack-\(zeros).idx", "objects/pack/pack-\(ones).pack",
                "objects/tmp_object_git2_x1", "quarantine/objects/pack/pack_git2_y",
            ]
            for name in leftovers {
                let file = root.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data("x".utf8).write(to: file)
            }
            #expect(try fixture.store.sweep() == leftovers.count)
            for name in leftovers {
                let file = root.appendingPathComponent(name).path
                #expect(!FileManager.default.fileExists(atPath: file), "\(name)")
            }
            #expect(try fixture.store.sweep() == 0)
            let again = try ObjectStore(openingAt: root.path)
            #expect(again.contains(commit))
            #expect(again.contains(blob))
        }
    }

    @Test("A SHA-256 repository is refused with the reason")
    func otherHashIsRefused() throws {
        try withStore(sourceOptions: ["--object-format=sha256"]) { fixture in
            try fixture.source.commit("one")
            let error = #expect(throws: GitError.self) {
                try ObjectStore(readingRepositoryAt: fixture.source.gitFolder.path)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("sha256") == true)
        }
    }

    @Test("An operator's repository is read with its alternates and never written")
    func operatorsRepositoryIsReadOnly() throws {
        try withStore { fixture in
            try fixture.source.write("a", "text")
            let commit = try id(fixture.source.commit("one"))
            let clone = fixture.folder.appendingPathComponent("clone")
            try fixture.source.git(["clone", "--quiet", "--shared", ".", clone.path])
            let store = try ObjectStore(
                readingRepositoryAt: clone.appendingPathComponent(".git").path)
            #expect(try store.tree(of: commit).contents(of: "a", limit: 10) == Array("text".utf8))
            let raw = try #require(try store.commit(commit))
            let text = try fixture.source.git(["cat-file", "commit", commit.text])
            #expect(String(decoding: raw, as: UTF8.self) == text + "\n")
            let error = #expect(throws: GitError.self) { try store.write(blob: [1]) }
            #expect(error?.code == .refused)
            #expect(throws: GitError.self) { try store.sweep() }
        }
    }
}
