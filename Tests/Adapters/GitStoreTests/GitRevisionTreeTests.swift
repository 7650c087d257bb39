import FleetModel
import Foundation
import GitStore
import TestSupport
import Testing

@Suite struct GitRevisionTreeTests {
    /// The tree of a commit of the operator's repository.
    private func tree(_ fixture: StoreFixture, _ commit: String) throws -> GitRevisionTree {
        try ObjectStore(readingRepositoryAt: fixture.source.gitFolder.path)
            .tree(of: id(commit))
    }

    /// A commit whose root tree has exactly these bytes, which git itself would not write.
    private func commit(_ fixture: StoreFixture, treeBytes: [UInt8]) throws -> String {
        let tree = try fixture.source.git(
            ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"], input: Data(treeBytes))
        return try fixture.source.git(["commit-tree", "-m", "hostile", tree])
    }

    private func entry(_ mode: String, _ name: [UInt8], _ id: String) -> [UInt8] {
        var digits = Substring(id)
        var bytes = Array("\(mode) ".utf8) + name + [0]
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    @Test("Every kind of entry is seen, in the order of the names' bytes")
    func kinds() throws {
        try withStore { fixture in
            try fixture.source.write("b/file", "text")
            try fixture.source.write("b.txt", "text")
            try fixture.source.write("run", "#!/bin/sh\n")
            try run("chmod", ["+x", fixture.source.folder.appendingPathComponent("run").path])
            try FileManager.default.createSymbolicLink(
                atPath: fixture.source.folder.appendingPathComponent("link").path,
                withDestinationPath: "run")
            let first = try fixture.source.commit("one")
            try fixture.source.git(
                ["update-index", "--add", "--cacheinfo", "160000,\(first),module"])
            try fixture.source.git(["commit", "--quiet", "--message", "two"])
            let tree = try tree(fixture, fixture.source.git(["rev-parse", "HEAD"]))
            let entries = try #require(try tree.entries(of: ""))
            #expect(entries.map(\.name) == ["b", "b.txt", "link", "module", "run"])
            #expect(
                entries.map(\.kind)
                    == [.folder, .file, .symbolicLink, .submodule, .executable])
            #expect(try tree.entry(at: "module")?.object == id(first))
            #expect(try tree.entry(at: "b/file")?.kind == .file)
            #expect(try tree.contents(of: "run", limit: 100) == Array("#!/bin/sh\n".utf8))
        }
    }

    @Test("What is not there, or is no file, is nil")
    func absentPaths() throws {
        try withStore { fixture in
            try fixture.source.write("a/b", "text")
            let tree = try tree(fixture, fixture.source.commit("one"))
            for path in ["x", "a/x", "a/b/c", "/a", "a/", "a//b", "", "..", "a/../a/b"] {
                #expect(try tree.entry(at: path) == nil, "\(path)")
                #expect(try tree.contents(of: path, limit: 10) == nil, "\(path)")
            }
            #expect(try tree.contents(of: "a", limit: 10) == nil)
            #expect(try tree.entries(of: "a/b") == nil)
            #expect(try tree.entries(of: "x") == nil)
        }
    }

    @Test("A file over the limit is told as too large")
    func largeFile() throws {
        try withStore { fixture in
            try fixture.source.write("large", "12345")
            let tree = try tree(fixture, fixture.source.commit("one"))
            #expect(try tree.contents(of: "large", limit: 5) == Array("12345".utf8))
            let error = #expect(throws: RevisionTreeError.self) {
                try tree.contents(of: "large", limit: 4)
            }
            #expect(error?.code == .tooLarge(limit: 4))
            #expect(error?.path == "large")
        }
    }

    @Test(
        "A name that could lead out of the folder or into Git's own is unreadable",
        arguments: [
            "", ".", "..", ".git", ".GIT", ".gIt", "a/b", ".git.", ".git ", "git~1", "GIT~1",
            ".git::$INDEX_ALLOCATION", ".g\u{200c}it", "\u{feff}.git", ".git\\hooks", "x\\.git",
        ])
    func hostileNames(name: String) throws {
        try withStore { fixture in
            try fixture.source.write("a", "text")
            try fixture.source.commit("one")
            let blob = try fixture.source.git(["rev-parse", "HEAD:a"])
            let commit = try commit(
                fixture, treeBytes: entry("100644", Array(name.utf8), blob))
            let error = #expect(throws: RevisionTreeError.self) {
                try tree(fixture, commit).entries(of: "")
            }
            #expect(error?.code == .unreadable)
        }
    }

    @Test(
        "A name that only looks a little like Git's own is fine",
        arguments: [".gitignore", "git", "git~2", "dev-disk-by\\x2duuid.swap", "...", ".gitx"])
    func harmlessNames(name: String) throws {
        try withStore { fixture in
            try fixture.source.write("a", "text")
            try fixture.source.commit("one")
            let blob = try fixture.source.git(["rev-parse", "HEAD:a"])
            let commit = try commit(
                fixture, treeBytes: entry("100644", Array(name.utf8), blob))
            #expect(try tree(fixture, commit).contents(of: name, limit: 4) == Array("text".utf8))
        }
    }

    @Test("Trees that git would not write are unreadable")
    func malformedTrees() throws {
        try withStore { fixture in
            try fixture.source.write("a", "text")
            try fixture.source.commit("one")
            let blob = try fixture.source.git(["rev-parse", "HEAD:a"])
            func file(_ name: String) -> [UInt8] { entry("100644", Array(name.utf8), blob) }
            let hostile: [(String, [UInt8])] = [
                ("cut", Array(file("a").dropLast())),
                ("no NUL", Array("100644 a".utf8)),
                ("not octal", entry("10064x", [0x61], blob)),
                ("no mode", entry("", [0x61], blob)),
                ("unknown mode", entry("120777", [0x61], blob)),
                ("twice", file("a") + file("a")),
                ("file and folder", file("a") + entry("40000", [0x61], blob)),
                ("not sorted", file("b") + file("a")),
                ("not UTF-8", entry("100644", [0x61, 0xff], blob)),
                ("one text twice", file("e\u{301}") + file("\u{e9}")),
            ]
            for (what, bytes) in hostile {
                let commit = try commit(fixture, treeBytes: bytes)
                let error = #expect(throws: RevisionTreeError.self, "\(what)") {
                    try tree(fixture, commit).entry(at: "a")
                }
                #expect(error?.code == .unreadable, "\(what)")
            }
        }
    }

    @Test("A small tree that unfolds without end is cut off by depth and by number")
    func unfoldingTree() throws {
        try withStore { fixture in
            try fixture.source.write("a", "text")
            try fixture.source.commit("one")
            let blob = try fixture.source.git(["rev-parse", "HEAD:a"])
            var bytes = entry("100644", [0x66], blob)
            // 100 times the same folder in each of 40 levels.
            for _ in 0..<40 {
                let child = try fixture.source.git(
                    ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
                    input: Data(bytes))
                bytes = (100..<200).flatMap { entry("40000", Array("\($0)".utf8), child) }
            }
            let tree = try tree(fixture, commit(fixture, treeBytes: bytes))
            let deep = Array(repeating: "100", count: 39).joined(separator: "/")
            let error = #expect(throws: RevisionTreeError.self) { try tree.entries(of: deep) }
            #expect(error?.code == .tooLarge(limit: Limits.treeDepth))
            // Level by level, so that the number is hit long before the depth.
            let tooMany = #expect(throws: RevisionTreeError.self) {
                for folder in try tree.entries(of: "") ?? [] {
                    for child in try tree.entries(of: folder.name) ?? [] {
                        _ = try tree.entries(of: "\(folder.name)/\(child.name)")
                    }
                }
            }
            #expect(tooMany?.code == .tooLarge(limit: Limits.treeEntries))
        }
    }
}
