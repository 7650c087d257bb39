import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import Demo

/// A small fleet of real programs, of which one is killed again and again.
@Suite(.serialized) struct KilledFleetTests {
    private struct Fleet {
        let world: FleetWorld
        let watchman: Watchman
        var release = ""

        init() throws {
            watchman = try Watchman(watchesSignals: false)
            var options = DemoOptions(seed: 1)
            let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().path
            options.fleet = package + "/Fleet"
            options.broker = package + "/systemd/broker"
            let names = ["gateway-berlin-1", "kiosk-berlin-1", "sensor-hub-berlin-1"]
            world = try FleetWorld(
                options, programsIn: DevicePath.parent(of: try builtProgram("flotilla-agent")),
                watchman: watchman, having: FleetRoster.devices.filter { names.contains($0.id) })
            // Every device begins by itself, whoever is dead: that makes the most to tell.
            try world.desk.replace("rollout: waves", with: "rollout: none", in: "fleet.yaml")
            release = try world.desk.publish("First")
            try world.serve()
            try world.install()
        }

        /// Somebody changes a file of each device by hand, which the device heals and tells.
        func edit(_ round: Int) throws {
            for device in world.devices { try device.write("/etc/motd", "Round \(round)\n") }
        }

        mutating func publish(_ number: Int) throws {
            let file = "bundles/sysctl/files/60-fleet.conf"
            let lines = try world.desk.read(file).split(
                separator: "\n", omittingEmptySubsequences: false)
            let changed = lines.map {
                $0.hasPrefix("kernel.panic =") ? "kernel.panic = \(number)" : String($0)
            }
            try world.desk.write(file, changed.joined(separator: "\n"))
            release = try world.desk.publish("Change \(number)")
            // It may be the aggregator's turn to be dead; the look at Git finds the release as well.
            try? world.aggregator?.hook()
        }

        /// What the device itself has written down: the kind of each outcome by its number.
        func outcomes(of device: DemoDevice) throws -> (kinds: [Int: String], last: Int) {
            let bytes = try WorldFolder.read(device.root + "/var/lib/flotilla/ledger.json")
            let ledger = try JSONView(Array(bytes.utf8), from: "the ledger")
            var kinds: [Int: String] = [:]
            for outcome in ledger.list("outcomes") {
                guard let number = outcome["sequence"].flatMap({ Int($0) }) else { continue }
                kinds[number] = outcome["kind"]
            }
            return (kinds, ledger["lastSequence"].flatMap { Int($0) } ?? 0)
        }

        /// What the aggregator has of it.
        func told(of device: DemoDevice) throws -> [(number: Int, kind: String)] {
            try world.running().ask(["events", "--last", "1000", "--device", device.id]).view
                .list("events").map {
                    ($0["sequence"].flatMap { Int($0) } ?? 0, $0["kind"] ?? "?")
                }
        }

        /// How far the fleet is from rest: each device on the last release, nothing left to tell.
        func unrest() throws -> [String] {
            try world.devices.flatMap { device in
                try device.status().differences(from: [
                    "revision": .exactly(release), "confirmed": .exactly("true"),
                    "link.state": .exactly("up"), "link.outbox.events": .exactly("0"),
                ])
            }
        }
    }

    @Test(
        "again and again the broker, the aggregator or an agent is killed, and nothing that happened is lost",
        .timeLimit(.minutes(10)))
    func kills() throws {
        var fleet = try Fleet()
        do {
            var chance = SeededGenerator(seed: 1_126)
            for round in 0..<Thoroughness.rounds(18, full: 50) {
                if round.isMultiple(of: 2) {
                    try fleet.publish(100 + round)
                } else {
                    try fleet.edit(round)
                }
                try fleet.watchman.letPass(
                    .milliseconds(Int.random(in: 0...900, using: &chance)))
                let pause = Duration.milliseconds(Int.random(in: 0...400, using: &chance))
                try kill(round % 3, &fleet, pause, &chance)
            }
            try fleet.publish(999)
            let rests = try fleet.watchman.wait(atMost: .seconds(120)) {
                (try? fleet.unrest().isEmpty) ?? false
            }
            #expect(rests, "\((try? fleet.unrest()) ?? [])")
            for device in fleet.world.devices { try compare(device, fleet) }
        } catch {
            try fleet.world.end()
            throw error
        }
        try fleet.world.end()
        #expect(try fleet.world.leftovers() == [])
    }

    /// SIGKILL, a pause, and a new start.
    private func kill(
        _ victim: Int, _ fleet: inout Fleet, _ pause: Duration, _ chance: inout SeededGenerator
    ) throws {
        switch victim {
        case 0:
            try fleet.world.broker.kill()
            try fleet.watchman.letPass(pause)
            try fleet.world.broker.start()
        case 1:
            try fleet.world.running().kill()
            try fleet.watchman.letPass(pause)
            try fleet.world.running().start()
        default:
            let device = try #require(fleet.world.devices.randomElement(using: &chance))
            try device.kill()
            try fleet.watchman.letPass(pause)
            try device.start()
        }
    }

    /// The aggregator has each of the device's outcomes, once, in one count without a gap.
    private func compare(_ device: DemoDevice, _ fleet: Fleet) throws {
        let (kinds, last) = try fleet.outcomes(of: device)
        let told = try fleet.told(of: device)
        #expect(last >= 5, "\(device.id): \(last) outcomes prove nothing")
        #expect(told.map(\.number) == Array(1...max(1, last)), "\(device.id)")
        for event in told {
            // The ledger keeps the newest ones.
            guard let kind = kinds[event.number] else { continue }
            #expect(event.kind == kind, "\(device.id): number \(event.number)")
        }
    }
}
