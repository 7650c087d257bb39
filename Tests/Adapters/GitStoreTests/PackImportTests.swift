import FleetModel
import Foundation
import GitStore
import TestSupport
import Testing

@Suite struct PackImportTests {
    /// A store, and a download with one commit in it.
    private func withDownload(
        _ body: (StoreFixture, _ bare: URL, _ commit: ObjectID) throws -> Void
    ) throws {
        try withStore { fixture in
            try fixture.source.write("etc/motd", "hello")
            try fixture.source.write("noise", noise(50_000))
            let commit = try id(fixture.source.commit("one"))
            try body(fixture, fixture.downloaded(), commit)
        }
    }

    /// Expects that nothing is taken over, and returns why.
    private func refusal(
        _ fixture: StoreFixture, _ bare: URL, limit: Int = 1 << 20,
        objectLimit: Int = Limits.gitObjectBytes
    ) throws -> GitError? {
        let error = #expect(throws: GitError.self) {
            try fixture.store.importPacks(
                from: bare.path, limit: limit, objectLimit: objectLimit)
        }
        let store = fixture.folder.appendingPathComponent("store")
        let packs = try FileManager.default.contentsOfDirectory(
            atPath: store.appendingPathComponent("objects/pack").path)
        #expect(packs.isEmpty)
        #expect(
            !FileManager.default.fileExists(
                atPath: store.appendingPathComponent("quarantine").path))
        return error
    }

    @Test("A download is taken over whole, and a second time costs nothing")
    func downloadIsTakenOver() throws {
        try withDownload { fixture, bare, commit in
            let imported = try fixture.store.importPacks(from: bare.path, limit: 1 << 20)
            #expect(imported.packs == 1)
            #expect(imported.objects == 5)
            let tree = try fixture.store.tree(of: commit)
            #expect(try tree.contents(of: "etc/motd", limit: 10) == Array("hello".utf8))
            _ = try fixture.store.importPacks(from: bare.path, limit: 1 << 20)
            let path = fixture.folder.appendingPathComponent("store").path
            try run("git", ["--git-dir", path, "fsck", "--strict", commit.text])
            let packs = try FileManager.default.contentsOfDirectory(
                atPath: path + "/objects/pack")
            #expect(packs.count == 2)
        }
    }

    @Test("A download without packs changes nothing")
    func emptyDownload() throws {
        try withStore { fixture in
            let empty = try ObjectStore(creatingAt: fixture.incoming())
            let incoming = URL(fileURLWithPath: empty.objectsPath).deletingLastPathComponent()
            let imported = try fixture.store.importPacks(from: incoming.path, limit: 1)
            #expect(imported.packs == 0)
            #expect(imported.objects == 0)
        }
    }

    @Test("A pack with one changed byte is refused")
    func changedByte() throws {
        try withDownload { fixture, bare, _ in
            let pack = try fixture.pack(of: bare)
            var bytes = try Data(contentsOf: pack)
            bytes[bytes.count / 2] ^= 1
            try run("chmod", ["u+w", pack.path])
            try bytes.write(to: pack)
            #expect(try refusal(fixture, bare)?.code == .corrupt)
        }
    }

    @Test("A pack that was cut off is refused", arguments: [0, 8, 40, 200, 20_000])
    func cutPack(length: Int) throws {
        try withDownload { fixture, bare, _ in
            let pack = try fixture.pack(of: bare)
            let bytes = try Data(contentsOf: pack)
            try FileManager.default.removeItem(at: pack)
            try bytes.prefix(length).write(to: pack)
            let error = try refusal(fixture, bare)
            #expect(error?.code == .corrupt, "\(String(describing: error))")
        }
    }

    @Test("A pack that is a symbolic link, a FIFO or a folder is refused without waiting")
    func strangeFiles() throws {
        try withDownload { fixture, bare, _ in
            let pack = try fixture.pack(of: bare)
            let real = fixture.folder.appendingPathComponent("real.pack")
            try FileManager.default.moveItem(at: pack, to: real)
            try FileManager.default.createSymbolicLink(at: pack, withDestinationURL: real)
            #expect(try refusal(fixture, bare) != nil)
            try FileManager.default.removeItem(at: pack)
            try run("mkfifo", [pack.path])
            #expect(try refusal(fixture, bare)?.code == .refused)
            try FileManager.default.removeItem(at: pack)
            try FileManager.default.createDirectory(
                at: pack, withIntermediateDirectories: false)
            #expect(try refusal(fixture, bare)?.code == .refused)
        }
    }

    @Test("A folder of the download that is a symbolic link is not followed")
    func linkedFolders() throws {
        try withDownload { fixture, bare, _ in
            let packs = bare.appendingPathComponent("objects/pack")
            let elsewhere = fixture.folder.appendingPathComponent("elsewhere")
            try FileManager.default.moveItem(at: packs, to: elsewhere)
            try FileManager.default.createSymbolicLink(at: packs, withDestinationURL: elsewhere)
            #expect(try refusal(fixture, bare) != nil)
        }
    }

    @Test("More bytes than allowed are refused")
    func tooManyBytes() throws {
        try withDownload { fixture, bare, _ in
            let error = try refusal(fixture, bare, limit: 10_000)
            #expect(error?.code == .tooLarge)
        }
    }

    @Test("A small pack that inflates to more than an object may have is refused")
    func inflatingPack() throws {
        try withStore { fixture in
            try fixture.source.write("zeros", Data(count: 100_001))
            try fixture.source.commit("one")
            let bare = try fixture.downloaded()
            let error = try refusal(fixture, bare, limit: 10_000, objectLimit: 100_000)
            #expect(error?.code == .tooLarge)
            let imported = try fixture.store.importPacks(
                from: bare.path, limit: 10_000, objectLimit: 100_001)
            #expect(imported.packs == 1)
        }
    }

    @Test("More packs than a download has are refused")
    func tooManyPacks() throws {
        try withDownload { fixture, bare, _ in
            let pack = try fixture.pack(of: bare)
            for number in 0..<Limits.packs {
                let digits = String(number, radix: 16)
                let name =
                    "pack-" + String(repeating: "0", count: 40 - digits.utf8.count) + digits
                try FileManager.default.copyItem(
                    at: pack,
                    to: pack.deletingLastPathComponent().appendingPathComponent("\(name).pack"))
            }
            #expect(try refusal(fixture, bare)?.code == .tooLarge)
        }
    }

    @Test("A commit without its files is refused, so that a later fetch still gets them")
    func missingObjects() throws {
        try withDownload { fixture, _, commit in
            let tree = try fixture.source.git(["rev-parse", "HEAD^{tree}"])
            for ids in [[commit.text], [tree], [commit.text, tree]] {
                let planted = try ObjectStore(creatingAt: fixture.incoming())
                try fixture.source.git(
                    ["pack-objects", "--quiet", planted.objectsPath + "/pack/pack"],
                    input: Data(ids.map { $0 + "\n" }.joined().utf8))
                let bare = URL(fileURLWithPath: planted.objectsPath).deletingLastPathComponent()
                let error = try refusal(fixture, bare)
                #expect(error?.code == .corrupt)
                #expect(error?.message.contains("missing") == true)
            }
            #expect(!fixture.store.contains(commit))
        }
    }

    @Test("Objects that are spread over two packs are one download")
    func twoPacks() throws {
        try withDownload { fixture, _, commit in
            let all = try fixture.source.git(["rev-list", "--objects", "--no-object-names", "HEAD"])
            let ids = all.split(separator: "\n").map { $0 + "\n" }
            let incoming = try ObjectStore(creatingAt: fixture.incoming())
            for part in [ids[..<2], ids[2...]] {
                try fixture.source.git(
                    ["pack-objects", "--quiet", incoming.objectsPath + "/pack/pack"],
                    input: Data(part.joined().utf8))
            }
            let bare = URL(fileURLWithPath: incoming.objectsPath).deletingLastPathComponent()
            #expect(try fixture.store.importPacks(from: bare.path, limit: 1 << 20).packs == 2)
            #expect(fixture.store.contains(commit))
        }
    }
}
