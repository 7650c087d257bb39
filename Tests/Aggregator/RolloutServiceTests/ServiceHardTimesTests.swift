import Digests
import Documents
import FleetAnswers
import FleetModel
import Foundation
import HostSystem
import Signatures
import Synchronization
import TestSupport
import Testing
import WireMessages

@testable import RolloutService

/// Brokers that die, services that start again, disks that are full.
@Suite(.timeLimit(.minutes(3)), .serialized) struct ServiceHardTimesTests {
    private func confirmed(_ sequence: Int64, _ release: Revision) -> DeviceEvent {
        DeviceEvent(
            sequence: sequence, kind: "healed", revision: release, digest: SHA256.hash([1]),
            at: Clocks.wall())
    }

    @Test("A broker that is killed comes back to the same order and the same devices")
    func brokerDies() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let gateway = try bench.device("gw-1")
            defer { gateway.stop() }
            gateway.say(
                bench.state(
                    gateway, sequence: 1, digest: SHA256.hash([0]), revision: nil))
            try await bench.serving(bench.service()) { service in
                try await eventually("the order is there") { !gateway.heard.orders.isEmpty }
                bench.broker.kill()
                try await eventually("it is noticed") {
                    await service.health()["broker"] == "not connected"
                }
                let before = try #require(gateway.heard.orders.last)
                try bench.broker.restart()
                try await eventually("both are back") {
                    await service.health()["broker"] == "ok" && gateway.heard.connects >= 2
                }
                gateway.say(bench.events(gateway, [confirmed(1, bench.first)]))
                try await eventually("an event is acknowledged again") {
                    gateway.heard.acks.contains { $0.upto == 1 }
                }
                try await eventually("the order is there again") {
                    gateway.heard.orders.count >= 2
                }
                let last = try #require(gateway.heard.orders.last)
                #expect(last.sequence >= before.sequence)
                #expect(last.release == before.release)
            }
        }
    }

    @Test("A service that starts again says the same order, and knows what it knew")
    func restarts() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let gateway = try bench.device("gw-1")
            defer { gateway.stop() }
            gateway.say(
                bench.state(gateway, sequence: 1, digest: SHA256.hash([0]), revision: nil))
            let expected = bench.first
            var queued: Revision?
            var sequences: [Int64] = []
            for round in 1...4 {
                try await bench.serving(bench.service()) { service in
                    try await eventually("round \(round): the rollout is known") {
                        await service.rollouts()["current"]?["release"]?.text == expected.text
                            && gateway.heard.orders.last?.release == expected
                    }
                    let told = bench.events(
                        gateway, (1...Int64(round)).map { confirmed($0, bench.first) })
                    // Said again until it is acknowledged, as a device does: who starts again may
                    // not be listening yet.
                    var looks = 0
                    try await eventually("round \(round): all is acknowledged") {
                        if looks % 50 == 0 { gateway.say(told) }
                        looks += 1
                        return gateway.heard.acks.contains { $0.upto == Int64(round) }
                    }
                    let events = await service.events(EventQuery(after: 0))
                    #expect(
                        events["events"]?.items.compactMap { $0["sequence"]?.number }
                            == Array(1...Int64(round)))
                    // Without a change the order after a restart is the very same one.
                    let before = try #require(gateway.heard.orderBytes.last)
                    #expect(gateway.heard.orderBytes.filter { $0 == before }.count >= 1)
                    // A release that comes in the middle waits, also over the next restarts.
                    if round == 2 {
                        queued = try bench.release("second\n", at: 1)
                        await service.pushed()
                    }
                    if let queued {
                        try await eventually("round \(round): the second release waits") {
                            await service.rollouts()["current"]?["queued"]?.text == queued.text
                        }
                    }
                }
                sequences.append(try #require(gateway.heard.orders.last?.sequence))
            }
            #expect(sequences == sequences.sorted())
        }
    }

    @Test("The order that is repeated after a restart is the same to the byte")
    func sameOrder() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let gateway = try bench.device("gw-1")
            defer { gateway.stop() }
            gateway.say(
                bench.state(gateway, sequence: 1, digest: SHA256.hash([0]), revision: nil))
            try await bench.serving(bench.service()) { service in
                try await eventually("the canary wave is open") {
                    await !(service.rollouts()["current"]?["decisions"]?.items.isEmpty ?? true)
                        && !gateway.heard.orders.isEmpty
                }
                try await Task.sleep(for: .seconds(1))
            }
            let before = try #require(gateway.heard.orderBytes.last)
            let count = gateway.heard.orderBytes.count
            try await bench.serving(bench.service()) { _ in
                try await eventually("it is said again") {
                    gateway.heard.orderBytes.count > count
                }
                #expect(gateway.heard.orderBytes[count] == before)
            }
        }
    }

    @Test("What can't be kept is not acknowledged, and is when the disk has room again")
    func fullDisk() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let gateway = try bench.device("gw-1")
            defer { gateway.stop() }
            gateway.say(
                bench.state(gateway, sequence: 1, digest: SHA256.hash([0]), revision: nil))
            try await bench.serving(bench.service()) { service in
                try await eventually("it is known") {
                    await service.device(gateway.id) != nil
                }
                try await service.limitDisk(to: 1)
                let batch = bench.events(
                    gateway,
                    (1...24).map {
                        DeviceEvent(
                            sequence: $0, kind: "drift",
                            detail: String(repeating: "x", count: 500), at: Clocks.wall())
                    })
                gateway.say(batch)
                try await eventually("the disk is found full") {
                    await service.health()["store"] != "ok"
                }
                #expect(gateway.heard.acks.isEmpty)
                try await service.limitDisk(to: 1_000_000)
                try await eventually("it is kept and acknowledged") {
                    gateway.heard.acks.contains { $0.upto == 24 }
                }
                let health = await service.health()
                #expect(health["store"] == "ok")
                let events = await service.events(EventQuery(after: 0, limit: 1_000))
                #expect(events["events"]?.items.count == 24)
            }
        }
    }

    @Test("After a full disk all that waited is heard, and nothing opened meanwhile")
    func fullDiskWithMany() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let devices = try (1...3).map { try bench.device("gw-\($0)") }
            defer { for device in devices { device.stop() } }
            for device in devices {
                device.say(
                    bench.state(device, sequence: 1, digest: SHA256.hash([0]), revision: nil))
            }
            try await bench.serving(bench.service()) { service in
                try await eventually("the first wave is open") {
                    let known = await service.devices(DeviceQuery())["total"]?.number
                    return known == 3 && devices.contains { !$0.heard.orders.isEmpty }
                }
                try await service.limitDisk(to: 1)
                for round in 0..<6 {
                    for device in devices {
                        device.say(
                            bench.events(
                                device,
                                (1...24).map { number in
                                    DeviceEvent(
                                        sequence: Int64(round * 24 + number), kind: "drift",
                                        detail: String(repeating: "x", count: 500),
                                        at: Clocks.wall())
                                }))
                    }
                    try await Task.sleep(for: .milliseconds(100))
                }
                try await eventually("the disk is found full") {
                    await service.health()["store"] != "ok"
                }
                let orders = devices.map { $0.heard.orders.count }
                // What can't be kept can't be decided on either.
                let answer = await service.isListening
                #expect(!answer)
                try await Task.sleep(for: .seconds(1))
                #expect(devices.map { $0.heard.orders.count } == orders)
                try await service.limitDisk(to: 1_000_000)
                // A batch that came in the middle of a flood may be dropped, so devices say it again.
                var looks = 0
                try await eventually("all is kept and acknowledged") {
                    if looks % 100 == 99 {
                        for device in devices {
                            let next = device.heard.acks.map(\.upto).max() ?? 0
                            guard next < 144 else { continue }
                            device.say(
                                bench.events(
                                    device,
                                    (next + 1...next + 24).map {
                                        DeviceEvent(sequence: $0, kind: "drift", at: Clocks.wall())
                                    }))
                        }
                    }
                    looks += 1
                    return devices.allSatisfy { $0.heard.acks.contains { $0.upto >= 144 } }
                }
                try await eventually("it listens again") { await service.isListening }
            }
        }
    }

    @Test("Floods, forgeries and nonsense cost nobody else anything")
    func hostileBus() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let mallory = try bench.device("mallory")
            let gateway = try bench.device("gw-1")
            defer {
                gateway.stop()
                mallory.stop()
            }
            try await bench.serving(bench.service()) { service in
                let deep = Array(String(repeating: "[", count: 10_000).utf8)
                for _ in 0..<500 {
                    mallory.publish(mallory.topics.events(mallory.id), deep)
                    mallory.publish(mallory.topics.state(mallory.id), deep, retain: true)
                }
                // A batch of the gateway's, made by who is not the gateway.
                let forged = mallory.signed(
                    bench.events(gateway, [confirmed(1, bench.first)]))
                mallory.publish(mallory.topics.events(mallory.id), forged)
                // On a shard that is not its own: the broker's rules let it pass.
                let wrong =
                    FleetTopics.shard(of: mallory.id) == "00" ? "01" : "00"
                mallory.publish(
                    "flotilla/harbour/\(wrong)/devices/mallory/presence",
                    ScriptedDevice.presence(online: true, 9), retain: true)
                gateway.say(bench.events(gateway, [confirmed(1, bench.first)]))
                try await eventually("the gateway is heard") {
                    gateway.heard.acks.contains { $0.upto == 1 }
                }
                // What comes in the middle of a flood is dropped with it, so it is tried again.
                var looks = 0
                try await eventually("what was wrong is counted", within: 60) {
                    if looks % 50 == 0 {
                        mallory.publish(mallory.topics.events(mallory.id), forged)
                    }
                    looks += 1
                    let metrics = await service.metrics()
                    let dropped = metrics.first { $0.name == "flotilla_messages_dropped_total" }
                    func count(_ reason: String) -> Double {
                        dropped?.samples.first { $0.labels.first?.value == reason }?.value ?? 0
                    }
                    return count("malformed") > 0 && count("notForUs") > 0 && count("topic") > 0
                }
                let why = try #require(await service.why(mallory.id))
                let dropped = why["steps"]?.items.first {
                    $0["detail"]?.text?.contains("Dropped") ?? false
                }
                #expect(dropped?["fix"]?.text != nil, "\(why.canonical)")
                let events = await service.events(EventQuery(after: 0))
                #expect(events["events"]?.items.count == 1)
                #expect(await service.device(mallory.id)?["phase"] == .null)
                // 1,000 bad messages are not 1,000 lines.
                #expect(bench.log.lines.withLock { $0.count } < 100)
            }
        }
    }

    @Test("A device that lost its memory is told the epoch that is known")
    func lostMemory() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let before = try bench.device("gw-1", epoch: 7)
            try await bench.serving(bench.service()) { service in
                let told = bench.events(before, epoch: 7, [confirmed(1, bench.first)])
                var looks = 0
                try await eventually("it is known") {
                    if looks % 50 == 0 { before.say(told) }
                    looks += 1
                    return before.heard.acks.contains { $0.epoch == 7 && $0.upto == 1 }
                }
                before.stop()
                let after = try bench.device("gw-1", epoch: 1)
                defer { after.stop() }
                after.say(bench.events(after, epoch: 1, [confirmed(1, bench.first)]))
                try await eventually("it is answered, and nothing of it counts") {
                    after.heard.acks.contains { $0.knownEpoch == 7 }
                }
                let events = await service.events(EventQuery(after: 0))
                #expect(events["events"]?.items.count == 1)
            }
        }
    }
}
