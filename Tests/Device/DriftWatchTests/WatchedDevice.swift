import DeviceRecords
import Digests
import FleetModel
import Foundation
import HostSystem
import TestSupport

@testable import DriftWatch

/// A device in a folder whose managed files all say `one`.
struct WatchedDevice {
    let root: Root
    static let bytes = Array("one".utf8)

    static func with(_ body: (WatchedDevice) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try body(WatchedDevice(root: Root(folder.resolvingSymlinksInPath().path)))
        }
    }

    static func file(_ path: String, _ change: (inout DesiredFile) -> Void = { _ in })
        -> DesiredFile
    {
        var file = DesiredFile(
            path: path, bundle: "b", content: SHA256.hash(bytes), size: bytes.count)
        change(&file)
        return file
    }

    static func record(
        _ files: [DesiredFile], number: Int = 1, _ change: (inout DesiredState) -> Void = { _ in }
    ) -> GenerationRecord {
        var state = DesiredState(bundles: [BundlePolicy(name: "b", drift: .heal)], files: files)
        change(&state)
        return GenerationRecord(
            number: number, revision: nil, created: Instant(seconds: 0), state: state)
    }

    static func record(_ paths: [String]) -> GenerationRecord { record(paths.map { file($0) }) }

    func place(_ paths: String...) throws {
        for path in paths {
            try root.makeFolders(DevicePath.parent(of: path))
            try root.createFile(path, contents: Self.bytes, mode: 0o644, durable: false)
        }
    }

    /// As an editor does that keeps the file: the same inode, other bytes.
    func edit(_ path: String, _ text: String = "eno") throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: root.hostPath(of: path)))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    func shell(_ command: String) throws {
        try run("sh", ["-c", command], in: URL(fileURLWithPath: root.hostPath))
    }
}

/// A scan that a test can ask within an expectation, which takes no value that changes.
final class TestScan {
    var scan: DriftScan

    init(root: Root, known: [Drift] = []) { scan = DriftScan(root: root, known: known) }

    var found: [Drift] { scan.found }

    func compare(with record: GenerationRecord) { scan.compare(with: record) }

    /// Looks at everything, or at what was touched, at once.
    func scan(at now: Instant, onlyTouched: Bool = false) -> [Drift] {
        if onlyTouched { scan.beginLook() } else { scan.begin() }
        while !scan.step(until: Instant(nanoseconds: .max), at: now) {}
        return scan.found
    }

    func step(until end: Instant, at now: Instant) -> Bool { scan.step(until: end, at: now) }
    func differs(_ touched: Touched, at now: Instant) -> Bool { scan.differs(touched, at: now) }
    func takeFailures() -> [String] { scan.takeFailures() }
}
