import DeviceRecords
import Foundation
import GitStore
import HostSystem
import TestSupport
import Testing

@testable import Staging

/// The worker that tidies the object store up, killed before calls that change a file, spread over all of them.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct TidyKillTests {
    private static let calls = [
        "write", "pwrite64", "rename", "unlink", "unlinkat", "rmdir", "mkdir", "fsync", "ftruncate",
        "link",
    ]

    @Test(
        "Killed at a call that writes, the store has all that is kept; the next one sweeps and ends the work"
    )
    func sweep() throws {
        try withFleet { fleet in
            for number in 1...4 { try KeepingTests.apply(number, fleet) }
            for number in 1...2 { try fleet.root.removeTree(StateLayout.generation(number)) }
            let device = fleet.root.hostPath
            let base = fleet.folder.path
            let clean = "\(base)/clean"
            try run("cp", ["-a", device, clean])
            let counts = try trace(clean, log: "\(base)/trace")
            #expect(counts.values.reduce(0, +) > 30, "\(counts)")
            let goal = try names(below: clean)
            #expect(try names(below: device) != goal)
            for (call, count) in counts {
                for number in stride(from: 1, through: count, by: max(1, count / 8)) {
                    let victim = "\(base)/victim"
                    try? FileManager.default.removeItem(atPath: victim)
                    try run("cp", ["-a", device, victim])
                    _ = try trace(victim, log: "\(base)/trace", kill: (call, number))
                    let comment = Comment("killed at \(call) \(number) of \(count)")
                    try expectWhole(victim, comment)
                    let root = try Root(victim)
                    _ = try #require(try Housekeeping(root: root)).tidy(urgently: true)
                    #expect(try names(below: victim) == goal, comment)
                }
            }
        }
    }

    /// Runs the worker under strace, which counts each kind of call by itself; gives how many it
    /// made.
    private func trace(
        _ device: String, log: String, kill: (call: String, number: Int)? = nil
    ) throws -> [String: Int] {
        let calls = Self.calls.joined(separator: ",")
        var words = ["strace", "-qq", "-o", log, "-e", "trace=\(calls)"]
        if let kill { words += ["-e", "inject=\(kill.call):signal=KILL:when=\(kill.number)"] }
        let result = try runChild(
            words + [try builtProgram("flotilla-worker"), "tidy", "--root", device],
            in: URL(fileURLWithPath: device))
        #expect(result.status == (kill == nil ? 0 : 137), "\(result.complaint)")
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        return Dictionary(
            lines.compactMap { $0.split(separator: "(").first.map { (String($0), 1) } },
            uniquingKeysWith: +
        ).filter { Self.calls.contains($0.key) }
    }

    private func names(below device: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(
            atPath: device + StateLayout.repository
        ).sorted()
    }

    private func expectWhole(_ device: String, _ comment: Comment) throws {
        let root = try Root(device)
        let objects = try ObjectStore(openingAt: root.hostPath(of: StateLayout.repository))
        try objects.sweep()
        let kept = try #require(
            try Housekeeping(store: RecordStore(root: root), objects: objects).kept())
        #expect(kept.blobs.count >= 4)
        for blob in kept.blobs { #expect(try objects.blob(blob, limit: 1 << 20) != nil, comment) }
        for commit in kept.commits { #expect(try objects.commit(commit) != nil, comment) }
        for revision in kept.whole {
            let tree = try objects.tree(of: revision)
            let text = try tree.contents(of: "bundles/web/files/plain", limit: 1 << 20)
            #expect(text != nil, comment)
        }
    }
}
