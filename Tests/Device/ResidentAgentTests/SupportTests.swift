import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// What a technician takes home, and what he lets be tried again.
@Suite(.enabled(if: geteuid() == 0, "fetching gives up root's rights"))
struct SupportTests {
    @Test("the archive says what the device says, is root's alone, and holds no secret")
    func archive() throws {
        try withFollower(bundle: bundle) { follower in
            try follower.release("greeting: \(Self.inFile)")
            _ = try follower.agent("sync")
            try plant(in: follower)
            let file = follower.root.deletingLastPathComponent().appendingPathComponent("s.tar")
            let written = try follower.agent("support", file.path)
            #expect(written.status == 0, "\(written.complaint)")
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[
                .posixPermissions]
            #expect(mode as? Int == 0o600)
            let names = String(decoding: try run("tar", ["tf", file.path]), as: UTF8.self)
                .split(separator: "\n").map(String.init)
            for name in [
                "README", "versions.json", "agent.yaml", "status.json", "status.txt",
                "history.json", "drift.json", "doctor.json", "records/var/lib/flotilla/ledger.json",
                "records/var/lib/flotilla/generations/1/generation.json",
                "records/var/lib/flotilla/hold.json",
            ] {
                #expect(names.contains("flotilla-device-1/\(name)"), "\(name)")
            }
            let bytes = try Data(contentsOf: file)
            for secret in [Self.inFile, Self.inKey, Self.inReason, Self.inCommand, Self.inLabel] {
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret)")
            }
            // A check that finds nothing proves nothing unless it can find something.
            #expect(bytes.range(of: Data("device-1".utf8)) != nil)
            #expect(bytes.range(of: Data("***".utf8)) != nil)
        }
    }

    @Test("a file that is there is never overwritten")
    func noOverwriting() throws {
        try withFollower { follower in
            let file = follower.root.deletingLastPathComponent().appendingPathComponent("s.tar")
            try Data("mine".utf8).write(to: file)
            #expect(try follower.agent("support", file.path).status == 1)
            #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
            #expect(try follower.agent("support").status == 2)
        }
    }

    @Test("status, history and diff answer at once while somebody else holds the device's lock")
    func noWaiting() throws {
        try withFollower { follower in
            try follower.release("greeting: one")
            _ = try follower.agent("sync")
            let root = try Root(follower.root.path)
            let lock = try FileLock(StateLayout.lock, below: root)
            let isTaken = lock != nil
            #expect(isTaken)
            #expect(try follower.agent("status").status == 0)
            #expect(try follower.agent("history").status == 0)
            #expect(try follower.agent("diff").status == 0)
            _ = consume lock
        }
    }

    @Test("what failed here is tried again when somebody says so, and only then")
    func retry() throws {
        try withFollower { follower in
            try follower.release("greeting: one")
            _ = try follower.agent("sync")
            #expect(try follower.agent("retry").status == 1)
            try follower.release("farewell: bye")
            _ = try follower.agent("sync")
            #expect(try follower.agent("sync").complaint.contains("is not tried again"))
            let failed = try #require(try follower.status()["failed"] as? [[String: Any]])
            let digest = try #require(failed.first?["digest"] as? String)
            #expect(try follower.agent("retry", "0000000000").status == 1)
            #expect(try follower.agent("retry", "00").status == 2)
            let retry = try follower.agent("retry", String(digest.prefix(12)))
            #expect(retry.status == 0, "\(retry.complaint)")
            #expect(retry.complaint.contains(digest))
            #expect(try follower.kinds().last == "retry")
            let status = try follower.status()
            #expect((status["failed"] as? [Any])?.isEmpty == true)
            #expect(status["alarm"] is NSNull)
            // It is really tried: it fails again.
            _ = try follower.agent("sync")
            #expect(try follower.kinds().count { $0 == "failed" } == 2)
            #expect(try follower.agent("retry", "--all").status == 0)
            #expect((try follower.status()["failed"] as? [Any])?.isEmpty == true)
        }
    }

    @Test("a resident agent that next wakes for anything asks Git again after a retry")
    func retryIsNoticed() throws {
        try withFollower { follower in
            try follower.release("greeting: one")
            _ = try follower.agent("sync")
            try follower.release("farewell: bye")
            _ = try follower.agent("sync")
            let agent = try follower.startAgent()
            #expect(waits { follower.logText().contains("is not tried again") })
            #expect(try follower.agent("retry").status == 0)
            // It sees the ledger when it next takes the device's lock: here because of a change.
            try Data("by hand".utf8).write(
                to: follower.root.appendingPathComponent("etc/hello"))
            #expect(try waits { try follower.kinds().count { $0 == "failed" } == 2 })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    // MARK: Secrets

    private static let inFile = "the-secret-in-a-managed-file"
    private static let inKey = "the-secret-in-a-key"
    private static let inReason = "the-secret-in-a-reason"
    private static let inCommand = "the-secret-in-a-command"
    private static let inLabel = "the-secret-in-a-label"

    private let bundle = """
        match: ""
        files: [{source: hello, path: /etc/hello, mode: "0600"}]
        health:
          settle: 100ms
          checks:
            - {name: up, command: ["/bin/sh", "-c", "true --password=\(inCommand)"]}

        """

    private func plant(in follower: Follower) throws {
        let etc = follower.root.appendingPathComponent("etc/flotilla")
        let key =
            "-----BEGIN PRIVATE KEY-----\n\(Self.inKey)\n-----END PRIVATE KEY-----\n"
        try Data(key.utf8).write(to: etc.appendingPathComponent("device.key"))
        let handle = try FileHandle(
            forWritingTo: etc.appendingPathComponent("agent.yaml"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("labels: {password: \(Self.inLabel)}\n".utf8))
        try handle.close()
        #expect(
            try follower.agent("hold", "--reason", "login with password=\(Self.inReason)").status
                == 0)
    }
}
