import DeviceRecords
import Digests
import DriftWatch
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing
import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct DriftScanTests {
    @Test("each kind of difference is told once, with the moment it was first seen")
    func kinds() throws {
        try withDevice { root in
            let record = record(["/content", "/gone", "/mode", "/owner", "/replaced", "/right"])
            for file in record.state.files {
                try root.createFile(file.path, contents: Array("one".utf8), mode: 0o644)
            }
            var scan = DriftScan(root: root)
            let directory = DesiredDirectory(path: "/folder", bundle: "b", mode: 0o750)
            var full = record
            full.state.directories = [directory]
            try root.makeFolder("/folder", mode: 0o700)
            try root.replaceFile("/content", with: Array("eno".utf8), mode: 0o644)
            try root.unlink("/gone")
            try root.setMode("/mode", 0o666)
            try root.setOwner("/owner", FileOwner(user: 3, group: 4))
            try root.unlink("/replaced")
            try root.symbolicLink("/right", at: "/replaced")
            let found = try scan.scan(full, at: Instant(seconds: 10))
            #expect(
                found.map { "\($0.path) \($0.kind.rawValue)" } == [
                    "/content content", "/folder mode", "/gone missing", "/mode mode",
                    "/owner owner", "/replaced replaced",
                ])
            #expect(found.allSatisfy { $0.since == Instant(seconds: 10) && $0.policy == .heal })
            try root.setMode("/mode", 0o644)
            try root.unlink("/content")
            let later = try scan.scan(full, at: Instant(seconds: 20))
            #expect(later.first { $0.path == "/mode" } == nil)
            #expect(later.first { $0.path == "/gone" }?.since == Instant(seconds: 10))
            #expect(later.first { $0.path == "/content" }?.since == Instant(seconds: 20))
        }
    }

    @Test("what a bundle ignores is not found, what it reports is marked so")
    func policies() throws {
        try withDevice { root in
            var record = record(["/a"])
            record.state.bundles = [BundlePolicy(name: "b", drift: .ignore)]
            var scan = DriftScan(root: root)
            let found1 = try scan.scan(record, at: Instant(seconds: 1))
            #expect(found1 == [])
            record.state.bundles = [BundlePolicy(name: "b", drift: .report)]
            let found2 = try scan.scan(record, at: Instant(seconds: 1))
            #expect(found2.map(\.policy) == [.report])
        }
    }

    @Test("an edit of equal size between two scans is found")
    func equalSize() throws {
        try withDevice { root in
            let record = record(["/a"])
            try root.createFile("/a", contents: Array("one".utf8), mode: 0o644)
            var scan = DriftScan(root: root)
            let found3 = try scan.scan(record, at: Instant(seconds: 1))
            #expect(found3 == [])
            let handle = try #require(FileHandle(forWritingAtPath: root.hostPath(of: "/a")))
            handle.write(Data("eno".utf8))
            try handle.close()
            let found4 = try scan.scan(record, at: Instant(seconds: 2))
            #expect(found4.map(\.kind) == [.content])
        }
    }

    private func record(_ paths: [String]) -> GenerationRecord {
        let bytes = Array("one".utf8)
        return GenerationRecord(
            number: 1, revision: nil, created: Instant(seconds: 0),
            state: DesiredState(
                bundles: [BundlePolicy(name: "b", drift: .heal)],
                files: paths.map { path in
                    DesiredFile(
                        path: path, bundle: "b", content: SHA256.hash(bytes), size: bytes.count)
                }))
    }

    private func withDevice(_ body: (Root) throws -> Void) throws {
        try withTemporaryFolder { try body(Root($0.path)) }
    }
}
