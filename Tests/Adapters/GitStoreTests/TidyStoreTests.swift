import FleetModel
import Foundation
import TestSupport
import Testing

@testable import GitStore

@Suite struct TidyStoreTests {
    /// A store that took over three revisions, one download each, with a large file that changes.
    private func withHistory(
        _ body: (StoreFixture, [Revision]) throws -> Void
    ) throws {
        try withStore { fixture in
            var revisions: [Revision] = []
            for number in 1...3 {
                try fixture.source.write("large", noise(100_000, seed: UInt64(number)))
                try fixture.source.write("etc/motd", "hello \(number)\n")
                // Git stores the second and third as differences.
                let text = (0..<3_000).map { "line \($0 == number ? -$0 : $0)\n" }.joined()
                try fixture.source.write("etc/long", text)
                try fixture.source.write("same", "the same\n")
                revisions.append(try id(fixture.source.commit("\(number)")))
                let bare = try fixture.downloaded()
                _ = try fixture.store.importPacks(from: bare.path, limit: 1 << 24)
            }
            try body(fixture, revisions)
        }
    }

    private func path(of fixture: StoreFixture) -> String {
        fixture.folder.appendingPathComponent("store").path
    }

    private func expectWhole(_ store: ObjectStore, _ revision: Revision, _ number: Int) throws {
        let tree = try store.tree(of: revision)
        let large = Array(noise(100_000, seed: UInt64(number)))
        #expect(try tree.contents(of: "large", limit: 1 << 20) == large)
        #expect(try tree.contents(of: "etc/motd", limit: 99) == Array("hello \(number)\n".utf8))
        #expect(try tree.contents(of: "etc/long", limit: 1 << 20)?.count ?? 0 > 20_000)
        #expect(try tree.contents(of: "same", limit: 99) == Array("the same\n".utf8))
    }

    @Test("What nobody needs goes, and all that is kept is whole in the eyes of git")
    func removesGarbage() throws {
        try withHistory { fixture, revisions in
            let store = fixture.store
            let rendered = try store.write(blob: Array("rendered\n".utf8))
            let old = try store.write(blob: Array("rendered before\n".utf8))
            let kept = KeptObjects(
                whole: [revisions[2]], commits: Array(revisions[..<2]), blobs: [rendered])
            var roots: [Revision: ObjectID] = [:]
            for revision in revisions {
                roots[revision] = try id(
                    fixture.source.git(["rev-parse", "\(revision.text)^{tree}"]))
            }
            #expect(!store.hasCollected)
            let tidied = try store.tidy(keeping: kept, urgently: true)
            #expect(tidied.hasRemoved)
            #expect(tidied.after < tidied.before - 350_000)
            #expect(tidied.after < 150_000)
            #expect(store.hasCollected)
            for store in [store, try ObjectStore(openingAt: path(of: fixture))] {
                try expectWhole(store, revisions[2], 3)
                for revision in revisions[..<2] {
                    #expect(try store.commit(revision) != nil)
                    #expect(!store.contains(try #require(roots[revision])))
                }
                #expect(try store.blob(rendered, limit: 99) == Array("rendered\n".utf8))
                #expect(!store.contains(old))
            }
            try run("git", ["--git-dir", path(of: fixture), "cat-file", "-e", revisions[2].text])
            try run(
                "git",
                [
                    "--git-dir", path(of: fixture), "rev-list", "--objects", "--no-walk",
                    revisions[2].text,
                ])
        }
    }

    @Test("Tidying again finds nothing to do, and writes nothing")
    func secondTime() throws {
        try withHistory { fixture, revisions in
            let kept = KeptObjects(whole: [revisions[2]])
            _ = try fixture.store.tidy(keeping: kept, urgently: true)
            let before = try tree(of: fixture)
            #expect(try !fixture.store.tidy(keeping: kept).hasRemoved)
            #expect(try tree(of: fixture) == before)
        }
    }

    @Test("Little garbage is left alone, unless room is short")
    func payment() throws {
        try withHistory { fixture, revisions in
            // Each download brought what was here already.
            let all = KeptObjects(whole: revisions)
            #expect(try fixture.store.tidy(keeping: all, urgently: true).hasRemoved)
            #expect(try !fixture.store.tidy(keeping: all, worthwhile: 0).hasRemoved)
            let kept = KeptObjects(whole: [revisions[2]])
            let before = try tree(of: fixture)
            #expect(try !fixture.store.tidy(keeping: kept).hasRemoved)
            #expect(try tree(of: fixture) == before)
            #expect(try fixture.store.tidy(keeping: kept, worthwhile: 50_000).hasRemoved)
        }
    }

    @Test("A revision of which something is missing stops it, and nothing goes")
    func missingObjects() throws {
        try withHistory { fixture, revisions in
            let tree = try fixture.store.tree(of: revisions[0]).entry(at: "etc")?.object
            _ = try fixture.store.tidy(
                keeping: KeptObjects(
                    whole: [revisions[2]], commits: revisions,
                    blobs: [try #require(Revision(String(repeating: "0", count: 40)))]),
                urgently: true)
            #expect(!fixture.store.contains(try #require(tree)))
            // Its root tree is gone too, so it counts as a commit alone.
            let tidied = try fixture.store.tidy(
                keeping: KeptObjects(whole: revisions), urgently: true)
            #expect(!tidied.hasRemoved)
            try expectWhole(fixture.store, revisions[2], 3)
        }
    }

    @Test("A large blob comes part by part, packed or loose, and a wrong byte in it is found")
    func streaming() throws {
        try withStore { fixture in
            let bytes = Array(noise(700_000, seed: 5))
            try fixture.source.write("large", Data(bytes))
            let commit = try id(fixture.source.commit("large"))
            _ = try fixture.store.importPacks(from: fixture.downloaded().path, limit: 1 << 24)
            let packed = try #require(try fixture.store.tree(of: commit).entry(at: "large")?.object)
            let text = Array(repeating: UInt8(ascii: "x"), count: 3_000_000)
            let loose = try fixture.store.write(blob: text)
            for (blob, expected) in [(packed, bytes), (loose, text)] {
                var read: [UInt8] = []
                var largest = 0
                let isThere = try fixture.store.readBlob(blob, limit: 1 << 22) { part in
                    largest = max(largest, part.count)
                    read += part
                }
                #expect(isThere)
                #expect(read == expected)
                #expect(largest <= 64 << 10)
            }
            let error = #expect(throws: GitError.self) {
                try fixture.store.readBlob(packed, limit: 1_000) { _ in }
            }
            #expect(error?.code == .tooLarge)
            let nobody = try id(String(repeating: "1", count: 40))
            #expect(try !fixture.store.readBlob(nobody, limit: 1) { _ in })
            try damage(fixture)
            #expect(throws: GitError.self) {
                try ObjectStore(openingAt: path(of: fixture))
                    .readBlob(packed, limit: 1 << 22) { _ in }
            }
        }
    }

    /// Changes a byte in the middle of the one pack.
    private func damage(_ fixture: StoreFixture) throws {
        let pack = try fixture.pack(of: fixture.folder.appendingPathComponent("store"))
        var bytes = try Data(contentsOf: pack)
        bytes[bytes.count / 2] ^= 1
        try run("chmod", ["u+w", pack.path])
        try bytes.write(to: pack)
    }

    @Test("A download that counts on what was tidied away asks for everything next time")
    func incompleteDownload() throws {
        try withHistory { fixture, revisions in
            let store = fixture.store
            try store.askForEverything()
            // Nothing was ever tidied away, so the server is at fault.
            #expect(!store.needsEverything)
            _ = try store.tidy(keeping: KeptObjects(whole: [revisions[2]]), urgently: true)
            try store.askForEverything()
            #expect(store.needsEverything)
            #expect(try ObjectStore(openingAt: path(of: fixture)).needsEverything)
            _ = try store.importPacks(from: fixture.downloaded().path, limit: 1 << 24)
            #expect(!store.needsEverything)
        }
    }

    /// Every file of the store and when it changed.
    private func tree(of fixture: StoreFixture) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path(of: fixture)) {
            var status = stat()
            guard lstat("\(path(of: fixture))/\(name)", &status) == 0 else { continue }
            found[name] = "\(status.st_ino) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
        }
        return found
    }
}
