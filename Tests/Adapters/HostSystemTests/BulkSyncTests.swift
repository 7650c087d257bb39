import Foundation
import Synchronization
import TestSupport
import Testing

@testable import HostSystem

@Suite struct BulkSyncTests {
    /// What was synchronised, in order.
    private final class Record: Sendable {
        let paths = Mutex<[String]>([])
    }

    private func withRoot(_ body: (Root, Record) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let record = Record()
            let root = try Root(folder.path) { operation, path throws(SystemError) in
                if operation == "synchronise" { record.paths.withLock { $0.append(path) } }
            }
            try root.makeFolders("/a")
            try root.makeFolders("/b")
            record.paths.withLock { $0 = [] }
            try body(root, record)
        }
    }

    private func write(_ count: Int, _ sync: BulkSync, _ root: Root) throws -> Int {
        var alone = 0
        for number in 0..<count {
            let folder = number % 2 == 0 ? "/a" : "/b"
            let mustSync = try sync.mustSync(in: folder)
            if mustSync { alone += 1 }
            try root.createFile(
                "\(folder)/\(number)", contents: [1], mode: 0o600, durable: mustSync)
        }
        return alone
    }

    @Test("A few files and their folders are synchronised one by one")
    func few() throws {
        try withRoot { root, record in
            let sync = BulkSync(root: root)
            #expect(try write(BulkSync.few, sync, root) == BulkSync.few)
            record.paths.withLock { $0 = [] }
            try sync.synchronise(["/a", "/b"])
            #expect(record.paths.withLock { $0 } == ["/a", "/b"])
        }
    }

    @Test("Many are synchronised by one call for their file system, the folders with them")
    func many() throws {
        try withRoot { root, record in
            let sync = BulkSync(root: root)
            #expect(try write(100, sync, root) == BulkSync.few)
            record.paths.withLock { $0 = [] }
            try sync.synchronise(["/a", "/b"])
            #expect(record.paths.withLock { $0 }.count == 1)
            // What follows begins anew.
            record.paths.withLock { $0 = [] }
            try sync.synchronise(["/a"])
            #expect(record.paths.withLock { $0 } == ["/a"])
        }
    }

    @Test("A kernel that does not tell of lost bytes gets each file by itself")
    func oldKernel() throws {
        try withRoot { root, _ throws in
            let sync = BulkSync(root: root, kernelTells: false)
            #expect(try write(100, sync, root) == 100)
        }
    }

    @Test(
        "Linux 5.8 and newer tell",
        arguments: [
            ("5.7.19", false), ("5.8.0", true), ("5.10.0-28-arm64", true), ("6.1", true),
            ("4.19.0", false), ("6", false), ("", false),
        ])
    func releases(text: String, tells: Bool) {
        #expect(Kernel.isRelease(text, atLeast: (5, 8)) == tells)
    }
}
