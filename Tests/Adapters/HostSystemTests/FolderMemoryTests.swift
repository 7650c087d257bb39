import Foundation
import HostSystem
import TestSupport
import Testing

/// A root that keeps folders open does what one does that opens them each time.
@Suite struct FolderMemoryTests {
    @Test("What this process moves, removes and makes anew is never mistaken for what it was")
    func ownChanges() throws {
        try withTemporaryFolder { folder in
            let root = try Root(folder.path).keepingFolders()
            try root.makeFolders("/a/b")
            try root.createFile("/a/b/file", contents: [1], mode: 0o600)
            #expect(try root.exists("/a/b/file"))
            try root.rename("/a/b", to: "/a/c")
            #expect(try !root.exists("/a/b/file"))
            #expect(try root.exists("/a/c/file"))
            try root.makeFolders("/a/b")
            try root.createFile("/a/b/file", contents: [2], mode: 0o600)
            #expect(try root.readFile("/a/b/file", limit: 9) == [2])
            try root.removeTree("/a/b")
            #expect(try !root.exists("/a/b/file"))
            #expect(throws: SystemError.self) {
                try root.createFile("/a/b/other", contents: [], mode: 0o600)
            }
            try root.symbolicLink("c", at: "/a/b")
            #expect(throws: SystemError.self) { try root.status(of: "/a/b/file") }
            #expect(throws: SystemError.self) { try root.status(of: "/a/c/../file") }
        }
    }

    @Test("Many folders in turn are all opened and closed again")
    func descriptors() throws {
        try withTemporaryFolder { folder in
            let plain = try Root(folder.path)
            for number in 0..<50 { try plain.makeFolders("/\(number)") }
            let root = plain.keepingFolders()
            for round in 0..<3 {
                for number in 0..<50 {
                    let path = "/\(number)/\(round)"
                    try root.createFile(path, contents: [UInt8(round)], mode: 0o600)
                    #expect(try root.readFile(path, limit: 9) == [UInt8(round)])
                }
            }
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                .compactMap {
                    try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/self/fd/\($0)")
                }
            #expect(open.count { $0.hasPrefix(folder.path + "/") } <= 4)
            withExtendedLifetime(root) {}
        }
    }
}
