import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// The built agent as it hears of changes by inotify. It scans by itself only once an hour, so what
/// happens within a test it was told.
@Suite(.enabled(if: geteuid() == 0, "fetching gives up root's rights"))
struct DriftAgentTests {
    @Test("an edit by hand is put back at once, and told once")
    func healed() throws {
        try withFollower { follower in
            let agent = try resting(follower)
            try edit(follower, "by hand")
            #expect(try waits { try follower.file() == "greeting: one" })
            #expect(try waits { try follower.kinds().suffix(2) == ["drift", "healed"] })
            // What the heal itself touched is no change to look at.
            let store = RecordStore(root: try Root(follower.root.path))
            let ledger = try store.root.status(of: StateLayout.ledger)
            usleep(1_200_000)
            #expect(try store.root.status(of: StateLayout.ledger) == ledger)
            #expect(try store.root.status(of: StateLayout.drift) == nil)
            #expect(try follower.status()["problem"] is NSNull)
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("a removed file, and a folder that was moved away, are put back at once")
    func moved() throws {
        try withFollower(bundle: bundle(path: "/etc/hello.d/er/hello", more: "")) { follower in
            let agent = try resting(follower)
            let file = follower.root.appendingPathComponent("etc/hello.d/er/hello")
            func stands() -> Bool { FileManager.default.fileExists(atPath: file.path) }
            try FileManager.default.removeItem(at: file)
            #expect(waits(stands))
            let etc = follower.root.appendingPathComponent("etc")
            try FileManager.default.moveItem(
                at: etc.appendingPathComponent("hello.d"),
                to: etc.appendingPathComponent("gone"))
            #expect(waits(stands))
            try FileManager.default.removeItem(at: file)
            #expect(waits(stands))
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("what is put into an owned directory is removed at once, and told")
    func extra() throws {
        let more = "directories:\n  - {path: /etc/hello.d, owned: true}\n"
        try withFollower(bundle: bundle(path: "/etc/hello.d/hello", more: more)) { follower in
            let agent = try resting(follower)
            let folder = follower.root.appendingPathComponent("etc/hello.d")
            let file = folder.appendingPathComponent("zzz")
            try Data("x".utf8).write(to: file)
            #expect(waits { !FileManager.default.fileExists(atPath: file.path) })
            #expect(try waits { try follower.kinds().suffix(2) == ["drift", "healed"] })
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.appendingPathComponent("hello").path))
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("who fights for a path wins for an hour: it is contested, told and left as it is")
    func contested() throws {
        try withFollower { follower in
            let agent = try resting(follower)
            for round in 1...3 {
                try edit(follower, "round \(round)")
                #expect(try waits { try follower.file() == "greeting: one" })
                #expect(try waits { try follower.kinds().count { $0 == "healed" } == round })
            }
            try edit(follower, "the winner")
            #expect(try waits { try follower.kinds().last == "contested" })
            let status = try follower.status()
            let drift = try #require(status["drift"] as? [String: Any])
            #expect(drift["contested"] as? Int == 1)
            let item = try #require((drift["items"] as? [[String: Any]])?.first)
            #expect(item["standing"] as? String == "contested")
            #expect(item["healed"] as? Int == 3)
            #expect((status["problem"] as? String)?.contains("/etc/hello is contested") == true)
            #expect(try follower.file() == "the winner")
            let text = try follower.agent("status").text
            #expect(!text.contains("the winner"))
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("drift that is only told keeps its moment over restarts, and writes nothing again")
    func reported() throws {
        try withFollower(bundle: bundle(path: "/etc/hello", more: "drift: report")) { follower in
            var agent = try resting(follower)
            try edit(follower, "by hand")
            #expect(try waits { try since(follower) != nil })
            let first = try since(follower)
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
            let root = try Root(follower.root.path)
            let kept = try #require(try root.status(of: StateLayout.drift))
            // As after a boot: what is in memory is gone.
            try root.unlink(StateLayout.status)
            agent = try startAndRest(follower)
            #expect(try waits { try since(follower) != nil })
            #expect(try since(follower) == first)
            #expect(try root.status(of: StateLayout.drift) == kept)
            #expect(try follower.file() == "by hand")
            #expect(try follower.kinds().count { $0 == "drift" } == 1)
            try edit(follower, "greeting: one")
            #expect(try waits { try root.status(of: StateLayout.drift) == nil })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("what a held device finds is told and left alone; after the hold it is put right")
    func held() throws {
        try withFollower { follower in
            let agent = try resting(follower)
            #expect(try follower.agent("hold", "--reason", "work").status == 0)
            try edit(follower, "by hand")
            #expect(
                try waits {
                    let drift = try follower.status()["drift"] as? [String: Any]
                    let items = drift?["items"] as? [[String: Any]] ?? []
                    return items.first?["standing"] as? String == "held"
                })
            #expect(try follower.agent("unhold").status == 0)
            agent.send(SIGHUP)
            #expect(try waits { try follower.file() == "greeting: one" })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("a bundle that is only observed is compared and told, and never touched")
    func observed() throws {
        try withFollower(bundle: bundle(path: "/etc/hello", more: "mode: observe")) { follower in
            try follower.release("greeting: one")
            _ = try follower.agent("sync")
            try edit(follower, "by hand")
            let agent = try startAndRest(follower)
            #expect(try waits { try since(follower) != nil })
            #expect(try follower.file() == "by hand")
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    // MARK: Helpers

    private func bundle(path: String, more: String) -> String {
        "match: \"\"\nfiles: [{source: hello, path: \(path)}]\n\(more)\nhealth: {settle: 100ms}\n"
    }

    private func edit(_ follower: Follower, _ text: String) throws {
        let file = follower.root.appendingPathComponent("etc/hello")
        try Data(text.utf8).write(to: file)
    }

    /// A device with the first release, whose agent has looked at everything and waits.
    private func resting(_ follower: Follower) throws -> AgentProcess {
        try follower.release("greeting: one")
        _ = try follower.agent("sync")
        return try startAndRest(follower)
    }

    private func startAndRest(_ follower: Follower) throws -> AgentProcess {
        let store = RecordStore(root: try Root(follower.root.path))
        let before = try store.read(LiveStatus.self, at: StateLayout.status)?.lastScan
        let agent = try follower.startAgent()
        #expect(
            try waits {
                let live = try store.read(LiveStatus.self, at: StateLayout.status)
                return live?.lastScan != before && ["idle", "held"].contains(live?.phase)
            })
        return agent
    }

    private func since(_ follower: Follower) throws -> String? {
        let drift = try follower.status()["drift"] as? [String: Any]
        return (drift?["items"] as? [[String: Any]])?.first?["since"] as? String
    }
}
