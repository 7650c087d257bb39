import FleetModel
import MQTTLink
import Testing
import WireMessages

@testable import Ingest

@Suite struct IntakeTests {
    private let topics = FleetTopics(base: "flotilla/harbour")

    private func device(_ id: String) throws -> DeviceID { try #require(DeviceID(id)) }

    @Test("What a device says anew takes the place of what it said before")
    func replacing() throws {
        var intake = Intake(topics: topics)
        let gateway = try device("gw-1")
        for number in 0..<100 {
            try intake.add(topic: topics.state(gateway), payload: [UInt8(number)])
            try intake.add(topic: topics.presence(gateway), payload: [UInt8(number)])
        }
        #expect(intake.count == 2)
        let taken = intake.take(10)
        #expect(taken.map(\.leaf) == [.presence, .state])
        #expect(taken.allSatisfy { $0.payload == [99] })
        #expect(intake.isEmpty)
    }

    @Test("A flood of one device's events costs the others nothing")
    func flood() throws {
        var intake = Intake(topics: topics)
        let noisy = try device("noisy")
        var refused = 0
        for number in 0..<1_000 {
            do throws(DropReason) {
                try intake.add(topic: topics.events(noisy), payload: [UInt8(number % 256)])
            } catch {
                #expect(error == .flood)
                refused += 1
            }
        }
        #expect(refused == 996)
        let others = try (0..<10).map { try device("gw-\($0)") }
        for other in others { try intake.add(topic: topics.events(other), payload: [1]) }
        #expect(intake.take(14).filter { $0.device != noisy }.count == 10)
    }

    @Test("Devices take turns, and none is forgotten")
    func turns() throws {
        var intake = Intake(topics: topics)
        let devices = try (0..<5_000).map { try device("gw-\($0)") }
        for device in devices { try intake.add(topic: topics.state(device), payload: [0]) }
        var seen: Set<DeviceID> = []
        while !intake.isEmpty {
            let taken = intake.take(1_000)
            #expect(taken.count == 1_000)
            seen.formUnion(taken.map(\.device))
            // Who was served comes again only after all others.
            try intake.add(topic: topics.state(devices[0]), payload: [1])
            if seen.count == devices.count { break }
        }
        #expect(seen.count == devices.count)
    }

    @Test("What is not on the device's own shard, or not a device's to say, is none of ours")
    func foreignTopics() throws {
        var intake = Intake(topics: topics)
        let gateway = try device("gw-1")
        let own = FleetTopics.shard(of: gateway)
        let other = own == "00" ? "01" : "00"
        for topic in [
            "flotilla/harbour/\(other)/devices/gw-1/state", topics.ack(gateway),
            topics.commands(gateway), topics.order(channel: "main"), "flotilla/other/x",
            "flotilla/harbour/\(own)/devices/GW-1/state", "", "/", "$SYS/broker",
        ] {
            #expect(throws: DropReason.topic) { try intake.add(topic: topic, payload: [0]) }
        }
        let large = [UInt8](repeating: 0x20, count: Limits.mqttPayloadBytes + 1)
        #expect(throws: DropReason.tooLarge) {
            try intake.add(topic: topics.state(gateway), payload: large)
        }
        #expect(intake.isEmpty)
        #expect(intake.take(10).isEmpty)
    }

    @Test("The newest message of a topic is said once, and retained ones to every broker")
    func outgoing() {
        var outgoing = Outgoing()
        func message(_ topic: String, _ byte: UInt8, retain: Bool = false) -> LinkMessage {
            LinkMessage(topic: topic, payload: [byte], retain: retain)
        }
        for byte in 0..<10 { outgoing.add(message("ack/1", UInt8(byte))) }
        outgoing.add(message("ack/2", 1))
        outgoing.add(message("order", 7, retain: true))
        var said: [LinkMessage] = []
        while let next = outgoing.next {
            said.append(next)
            outgoing.removeNext()
        }
        #expect(said.map(\.payload) == [[9], [1], [7]])
        outgoing.add(message("ack/1", 3))
        outgoing.dropPassing()
        #expect(outgoing.next == nil)
        outgoing.addStanding()
        #expect(outgoing.next?.topic == "order")
    }

    @Test("A log has a bound, and says how much it kept back")
    func log() {
        var log = BoundedLog(pause: .seconds(60))
        let start = Instant(seconds: 100)
        #expect(log.line("a", "first", at: start) == "first")
        for _ in 0..<10_000 { #expect(log.line("a", "again", at: start + .seconds(1)) == nil) }
        #expect(log.line("b", "other", at: start) == "other")
        #expect(log.line("a", "later", at: start + .seconds(61))?.contains("10000") == true)
        #expect(log.line("a", "later", at: start + .seconds(200)) == "later")
    }

    @Test("Addresses are tried one after the other, and then later and later")
    func reconnection() throws {
        var next = Reconnection(shortest: .seconds(1), slowest: .seconds(4))
        var lookUps = 0
        func address() throws -> String {
            try next.nextAddress {
                lookUps += 1
                return ["::1", "127.0.0.1"]
            }
        }
        let now = Instant(seconds: 100)
        next.begin()
        #expect(try address() == "::1")
        next.failed(at: now, isRefusal: false)
        #expect(next.due == now)
        next.begin()
        #expect(try address() == "127.0.0.1")
        for pause in [1, 2, 4, 4] {
            next.failed(at: now, isRefusal: true)
            #expect(next.due == now + .seconds(pause))
        }
        #expect(lookUps == 1)
        next.succeeded()
        next.failed(at: now, isRefusal: true)
        #expect(next.due == now + .seconds(1))
    }
}
