import Digests
import FleetModel
import Foundation
import TestSupport
import Testing

@testable import HostSystem

@Suite struct RootTests {
    @Test("a path of the device is below the root, and comes back as it was written")
    func readsWhatItWrote() throws {
        try withRoot { root, folder in
            try root.makeFolders("/etc/app")
            try root.createFile("/etc/app/a", contents: Array("hello".utf8), mode: 0o640)
            #expect(try root.readFile("/etc/app/a", limit: 5) == Array("hello".utf8))
            #expect(try String(contentsOfFile: folder + "/etc/app/a", encoding: .utf8) == "hello")
            let status = try #require(try root.status(of: "/etc/app/a"))
            #expect(status.kind == .file && status.mode == 0o640 && status.size == 5)
            #expect(status.owner == FileOwner(user: geteuid(), group: getegid()))
            #expect(root.hostPath(of: "/etc/app/a") == folder + "/etc/app/a")
            #expect(
                try root.contentDigest(of: "/etc/app/a") == SHA256.hash(Array("hello".utf8)))
        }
    }

    @Test("the mode of a new file is exact, whatever the umask and whatever bits")
    func exactModes() throws {
        try withRoot { root, _ in
            for mode: UInt16 in [0o777, 0o4755, 0o2750, 0o600, 0o666] {
                try root.createFile("/f\(mode)", contents: [], mode: mode, durable: false)
                #expect(try root.status(of: "/f\(mode)")?.mode == mode)
            }
            try root.makeFolder("/d", mode: 0o1777)
            #expect(try root.status(of: "/d")?.mode == 0o1777)
        }
    }

    @Test("what is missing is nil, not an error; also below a file")
    func missing() throws {
        try withRoot { root, _ in
            try root.createFile("/file", contents: [], mode: 0o644)
            for path in ["/a", "/a/b/c", "/file/below"] {
                #expect(try root.status(of: path) == nil)
                #expect(try root.readFile(path, limit: 10) == nil)
                #expect(try root.readLink(path) == nil)
                #expect(try root.contentDigest(of: path) == nil)
            }
            #expect(try root.listFolder("/a", limit: 1) == nil)
        }
    }

    @Test("a parent that is a symbolic link is refused, with the path to write instead")
    func linkedParent() throws {
        try withRoot { root, _ in
            try root.makeFolders("/run/app")
            try root.makeFolder("/var")
            try root.symbolicLink("/run", at: "/var/run")
            try root.symbolicLink("../run", at: "/var/relative")
            for link in ["/var/run", "/var/relative"] {
                let error = #expect(throws: SystemError.self) {
                    try root.createFile("\(link)/app/x", contents: [1], mode: 0o600)
                }
                #expect(error?.isSymbolicLink == true)
                #expect(error?.description.contains("\(link) is a symbolic link") == true)
                #expect(error?.description.hasSuffix("use /run/app/x instead") == true)
            }
            #expect(try root.status(of: "/run/app/x") == nil)
        }
    }

    @Test("a link out of the root is never followed, not as a parent and not as the last name")
    func staysInside() throws {
        try withRoot { root, folder in
            let outside = folder + "-outside"
            try FileManager.default.createDirectory(
                atPath: outside, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: outside) }
            try Data("secret".utf8).write(to: URL(fileURLWithPath: outside + "/file"))
            try root.symbolicLink(outside, at: "/door")
            try root.symbolicLink(outside + "/file", at: "/window")
            #expect(throws: SystemError.self) { try root.readFile("/door/file", limit: 100) }
            #expect(throws: SystemError.self) { try root.readFile("/window", limit: 100) }
            #expect(throws: SystemError.self) { try root.setMode("/window", 0o777) }
            #expect(throws: SystemError.self) { try root.readFile("/../etc/passwd", limit: 1) }
            #expect(throws: SystemError.self) { try root.readFile("/a//b", limit: 1) }
            #expect(throws: SystemError.self) { try root.readFile("relative", limit: 1) }
            try root.removeTree("/door")
            #expect(FileManager.default.fileExists(atPath: outside + "/file"))
            #expect(try root.readLink("/window") == outside + "/file")
            try root.replaceFile("/window", with: [7], mode: 0o600)
            #expect(try root.readFile("/window", limit: 9) == [7])
            #expect(try String(contentsOfFile: outside + "/file", encoding: .utf8) == "secret")
        }
    }

    @Test("walking by hand, for old kernels, follows no link either")
    func walks() throws {
        try withRoot { root, _ in
            try root.makeFolders("/a/b")
            try root.symbolicLink("a", at: "/link")
            let found = try root.walk(
                to: "/a/b", access: O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                operation: "read", subject: "/a/b/c")
            #expect(try found.status().inode == root.status(of: "/a/b")?.inode)
            let error = #expect(throws: SystemError.self) {
                _ = try root.walk(
                    to: "/link/b", access: O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                    operation: "read", subject: "/link/b/c")
            }
            #expect(error?.description.contains("use /a/b/c instead") == true)
        }
    }

    @Test("a pipe, a folder and too many bytes are errors, and none of them hangs")
    func oddFiles() throws {
        try withRoot { root, folder in
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            try root.makeFolder("/folder")
            try root.createFile("/file", contents: [1, 2, 3], mode: 0o600)
            #expect(throws: SystemError.self) { try root.readFile("/pipe", limit: 10) }
            #expect(throws: SystemError.self) { try root.contentDigest(of: "/pipe") }
            #expect(throws: SystemError.self) { try root.readFile("/folder", limit: 10) }
            let error = #expect(throws: SystemError.self) { try root.readFile("/file", limit: 2) }
            #expect(error?.isTooLarge == true)
            #expect(try root.readFile("/file", limit: 3) == [1, 2, 3])
            #expect(throws: SystemError.self) { try root.contentDigest(of: "/file", limit: 2) }
        }
    }

    @Test("a new file never replaces, and one that can't be written leaves nothing behind")
    func createsExclusively() throws {
        try withRoot { root, _ in
            try root.createFile("/a", contents: [1], mode: 0o600)
            let error = #expect(throws: SystemError.self) {
                try root.createFile("/a", contents: [2], mode: 0o600)
            }
            #expect(error?.isAlreadyThere == true)
            #expect(try root.readFile("/a", limit: 9) == [1])
            try root.symbolicLink("/a", at: "/link")
            #expect(throws: SystemError.self) {
                try root.createFile("/link", contents: [2], mode: 0o600)
            }
        }
    }

    @Test("a replaced file has its new bytes and mode, and no temporary name stays")
    func replaces() throws {
        try withRoot { root, _ in
            try root.createFile("/.record.new", contents: [9, 9], mode: 0o600)
            try root.replaceFile("/record", with: [1], mode: 0o600)
            try root.replaceFile("/record", with: [2, 2], mode: 0o640)
            #expect(try root.readFile("/record", limit: 9) == [2, 2])
            #expect(try root.status(of: "/record")?.mode == 0o640)
            #expect(try root.listFolder("/", limit: 9) == ["record"])
        }
    }

    @Test("rename replaces unless it is told not to, and hard links are one file")
    func renames() throws {
        try withRoot { root, _ in
            try root.createFile("/a", contents: [1], mode: 0o600)
            try root.createFile("/b", contents: [2], mode: 0o600)
            #expect(throws: SystemError.self) { try root.rename("/a", to: "/b", replacing: false) }
            try root.rename("/a", to: "/b")
            #expect(try root.readFile("/b", limit: 9) == [1])
            try root.hardLink("/b", at: "/c")
            #expect(try root.status(of: "/b")?.linkCount == 2)
            #expect(try root.status(of: "/b")?.inode == root.status(of: "/c")?.inode)
        }
    }

    @Test("a tree is removed with links, odd names and files without permissions")
    func removesTrees() throws {
        try withRoot { root, folder in
            try root.makeFolders("/t/a/b/c")
            try root.createFile("/t/a/locked", contents: [1], mode: 0)
            try root.symbolicLink("/", at: "/t/a/b/root")
            let odd: [CChar] = (folder + "/t/a/odd").utf8.map { CChar(bitPattern: $0) } + [-1, 0]
            let descriptor = open(odd, O_CREAT | O_WRONLY, 0o600)
            #expect(descriptor >= 0)
            close(descriptor)
            try root.createFile("/stays", contents: [1], mode: 0o600)
            try root.removeTree("/t")
            try root.removeTree("/t")
            #expect(try root.listFolder("/", limit: 9) == ["stays"])
        }
    }

    @Test("folders are listed in the order of bytes, and not beyond the limit")
    func lists() throws {
        try withRoot { root, _ in
            for name in ["b", "a", "Z", "ä"] {
                try root.createFile("/\(name)", contents: [], mode: 0o600, durable: false)
            }
            #expect(try root.listFolder("/", limit: 4) == ["Z", "a", "b", "ä"])
            #expect(throws: SystemError.self) { try root.listFolder("/", limit: 3) }
            try root.syncFolder("/")
        }
    }

    @Test("the way to a path ends at the first name that is no folder")
    func steps() throws {
        try withRoot { root, _ in
            try root.makeFolders("/a/b")
            try root.symbolicLink("b", at: "/a/link")
            #expect(try root.steps(to: "/a/b/c/d").map(\.path) == ["/", "/a", "/a/b", "/a/b/c"])
            #expect(try root.steps(to: "/a/b/c/d").last?.status == nil)
            let link = try root.steps(to: "/a/link/x").last
            #expect(link?.path == "/a/link" && link?.linkTarget == "b")
        }
    }

    @Test("made folders are told from the top, and those that stood there keep their mode")
    func makesFolders() throws {
        try withRoot { root, _ in
            try root.makeFolder("/a", mode: 0o700)
            #expect(try root.makeFolders("/a/b/c") == ["/a/b", "/a/b/c"])
            #expect(try root.makeFolders("/a/b/c") == [])
            #expect(try root.status(of: "/a")?.mode == 0o700)
            try root.removeFolder("/a/b/c")
            #expect(throws: SystemError.self) { try root.removeFolder("/a") }
        }
    }

    @Test("a folder that others may write is told apart")
    func writableByOthers() throws {
        try withRoot { root, _ in
            try root.makeFolder("/a", mode: 0o755)
            #expect(try root.status(of: "/a")?.isWritableByOthers == false)
            try root.setMode("/a", 0o1777)
            #expect(try root.status(of: "/a")?.isWritableByOthers == true)
            try #require(geteuid() == 0, "the rest needs root")
            try root.setMode("/a", 0o775)
            #expect(try root.status(of: "/a")?.isWritableByOthers == false)
            try root.setOwner("/a", FileOwner(user: 0, group: 1234))
            #expect(try root.status(of: "/a")?.isWritableByOthers == true)
            try root.setMode("/a", 0o755)
            #expect(try root.status(of: "/a")?.isWritableByOthers == false)
            try root.setOwner("/a", FileOwner(user: 1234, group: 0))
            #expect(try root.status(of: "/a")?.isWritableByOthers == true)
        }
    }
}

func withRoot(_ body: (Root, String) throws -> Void) throws {
    try withTemporaryFolder { folder in try body(Root(folder.path), folder.path) }
}
