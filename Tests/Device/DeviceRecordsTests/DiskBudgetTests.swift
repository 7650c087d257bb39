import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

@Suite struct DiskBudgetTests {
    @Test("Others keep a tenth of a small disk and 32 MiB of a large one")
    func reserve() {
        #expect(DiskBudget.reserve(ofSize: 100 << 20) == 10 << 20)
        #expect(DiskBudget.reserve(ofSize: 320 << 20) == 32 << 20)
        #expect(DiskBudget.reserve(ofSize: 64 << 30) == 32 << 20)
        #expect(DiskBudget.reserve(ofSize: 0) == 0)
    }

    @Test("What fits is fine; what is too much for maxDisk is told with what is used and needed")
    func ownBound() throws {
        try withStore { store, _ in
            let root = store.root
            try root.makeStateFolders()
            try root.makeFolders("/etc")
            let megabyte = [UInt8](repeating: 7, count: 1 << 20)
            for name in ["a", "b", "c"] {
                try root.createFile(StateLayout.state + "/\(name)", contents: megabyte, mode: 0o600)
            }
            let budget = DiskBudget(of: root, maxDisk: 8 << 20)
            func objection(_ folder: String, _ bytes: Int) throws -> String? {
                try budget.objection(to: [SpaceNeed(folder: folder, bytes: bytes)])
            }
            #expect(try objection(StateLayout.state, 4 << 20) == nil)
            let refusal = try #require(try objection(StateLayout.saved, 6 << 20))
            #expect(refusal.contains("maxDisk") && refusal.contains("6144 KiB"), "\(refusal)")
            // What is placed elsewhere is not the agent's own.
            #expect(try objection("/etc", 20 << 20) == nil)
            #expect(try budget.room() > 4 << 20)
            #expect(try budget.room() < 5 << 20)
            #expect(try DiskBudget(of: root, maxDisk: 1 << 20).room() == 0)
        }
    }

    @Test("More than the disk has is told with what is free, for any folder of the device")
    func fileSystem() throws {
        try withStore { store, _ in
            try store.root.makeStateFolders()
            try store.root.makeFolders("/srv")
            let budget = DiskBudget(of: store.root, maxDisk: .max)
            let free = try store.root.space(at: "/srv").free
            let refusal = try budget.objection(to: [
                SpaceNeed(folder: "/srv", bytes: free / 2),
                SpaceNeed(folder: StateLayout.state, bytes: free / 2),
            ])
            #expect(refusal?.contains("free of") == true, "\(refusal ?? "")")
            #expect(refusal?.contains("stay free for others") == true)
        }
    }

    @Test("A file with two names takes its room once, and links lead nowhere")
    func usage() throws {
        try withStore { store, _ in
            let root = store.root
            try root.makeFolders("/a/b")
            try root.makeFolders("/elsewhere")
            let bytes = [UInt8](repeating: 7, count: 1 << 20)
            try root.createFile("/a/b/one", contents: bytes, mode: 0o600)
            try root.createFile("/elsewhere/x", contents: bytes, mode: 0o600)
            let once = try root.diskUsage(of: "/a")
            #expect(once >= 1 << 20)
            #expect(once < (1 << 20) + 65_536)
            try root.hardLink("/a/b/one", at: "/a/two")
            try root.symbolicLink("../elsewhere", at: "/a/link")
            #expect(try root.diskUsage(of: "/a") < once + 65_536)
            #expect(try root.diskUsage(of: "/nowhere") == 0)
        }
    }
}
