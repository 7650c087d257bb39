import Demo
import Foundation
import HostSystem
import TestSupport
import Testing

/// Two agents on one device take turns.
@Suite(.serialized) struct TogetherTests {
    private static let slowGate = [
        SmallFleet.bundle: """
        match: ""
        files:
          - {source: files/site.conf, path: /etc/site.conf, template: true}
        health:
          settle: 2s
          interval: 100ms
          deadline: 20s
          checks:
            - {name: site, file: {path: /etc/site.conf}}

        """
    ]

    @Test("two resident agents and a technician's sync confirm each release exactly once")
    func takeTurns() throws {
        try SmallFleet.withWorld(Self.slowGate) { fleet in
            let device = fleet.device
            let watchman = fleet.world.tools.watchman
            try device.start()
            #expect(try watchman.wait(atMost: .seconds(20)) { device.hasJournal() })
            let second = try Background(
                "the second agent", fleet.world.tools.agent, ["run", "--root", device.root],
                log: fleet.world.folder.path + "/second.log", watchman)
            // It waits until the first one has come to rest.
            #expect(try fleet.sync() == 0)
            #expect(try device.status().differences(from: fleet.isWell) == [])
            for port in 81...82 {
                fleet.release = try fleet.push(
                    ["bundles/web/files/site.conf": .text("port \(port)\n")],
                    onto: fleet.release)
                let isThere = try watchman.wait(atMost: .seconds(30)) {
                    try device.status().differences(from: fleet.isWell).isEmpty
                }
                #expect(isThere)
            }
            try second.end()
            try device.stop()
            let history = try device.command(["history"]).outputText
            let kinds = history.split(separator: "\n").compactMap {
                $0.split(separator: " ").dropFirst().first
            }
            #expect(kinds.filter { $0 == "confirmed" }.count == 3, "\(history)")
            #expect(!kinds.contains("rolledBack") && !kinds.contains("failed"), "\(history)")
        }
    }

    @Test(
        "while somebody has the device, sync waits and touches nothing, and hold is obeyed at once")
    func busy() throws {
        try SmallFleet.withWorld { fleet in
            let watchman = fleet.world.tools.watchman
            #expect(try fleet.device.command(["doctor"]).isSuccess)
            let before = try fleet.device.tree()
            let somebody = try Background(
                "somebody", "/usr/bin/flock",
                [fleet.device.root + "/var/lib/flotilla/lock", "-c", "echo locked; sleep 600"],
                log: fleet.world.folder.path + "/somebody.log", watchman)
            let log = fleet.world.folder.path + "/somebody.log"
            let isLocked = try watchman.wait(atMost: .seconds(10)) {
                FileManager.default.contents(atPath: log).map { !$0.isEmpty } ?? false
            }
            #expect(isLocked)
            #expect(try fleet.device.command(["hold", "--reason", "x"]).isSuccess)
            let waiting = try Background(
                "sync", fleet.world.tools.agent, ["sync", "--root", fleet.device.root],
                log: fleet.world.folder.path + "/sync.log", watchman)
            #expect(
                try watchman.wait(atMost: .seconds(2), until: { waiting.status != nil }) == false)
            // Asked to end while it still waits, it says that it never had its turn.
            waiting.send(SIGTERM)
            #expect(try watchman.wait(atMost: .seconds(10), until: { waiting.status != nil }))
            #expect(waiting.status == .exited(4))
            #expect(try fleet.device.tree().differences(from: before) == [])
            try somebody.kill()
        }
    }
}
