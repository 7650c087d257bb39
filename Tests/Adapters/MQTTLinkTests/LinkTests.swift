import FleetModel
import HostSystem
import MQTTLink
import TestSupport
import Testing

@Suite("A link to a real broker")
struct LinkTests {
    let own = "flotilla/harbour/aa/devices/kiel-1"

    @Test("carries messages of quality 1 both ways, with their properties")
    func bothWays() throws {
        try withBroker { broker in
            let aggregator = try TestClient(
                "aggregator@harbour", try broker.aggregator(), of: broker)
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker)
            #expect(try !aggregator.connect(to: broker))
            try device.connect(to: broker)
            #expect(try aggregator.hear("flotilla/harbour/+/devices/+/events") == [1])
            #expect(try device.hear("\(own)/ack", "\(own)/commands") == [1, 1])

            var message = LinkMessage("\(own)/events", "ahoy")
            message.expiry = .seconds(60)
            message.responseTopic = "\(own)/ack"
            message.correlation = [0, 1, 254, 255]
            #expect(try device.say(message) == 0)
            try aggregator.wait { !$0.received.isEmpty }
            // The broker tells what is left of the time.
            #expect(aggregator.received[0].expiry.map { $0 > .seconds(50) } == true)
            aggregator.received[0].expiry.map { message.expiry = $0 }
            #expect(aggregator.received == [message])

            let answer = LinkMessage(
                topic: message.responseTopic!, payload: [], correlation: message.correlation)
            #expect(try aggregator.say(answer) == 0)
            try device.wait { !$0.received.isEmpty }
            #expect(device.received == [answer])
            #expect(device.link.inFlight == 0)
        }
    }

    @Test("carries 64 KiB, and refuses what is larger or no topic before it is sent")
    func sizes() throws {
        try withBroker { broker in
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker)
            #expect(device.refusal(LinkMessage("\(own)/state")) == .notConnected)
            try device.connect(to: broker)
            let aggregator = try TestClient(
                "aggregator@harbour", try broker.aggregator(), of: broker)
            try aggregator.connect(to: broker)
            try aggregator.hear("flotilla/harbour/+/devices/+/state")

            var message = LinkMessage("\(own)/state", retain: true)
            message.payload = (0..<64 << 10).map { UInt8(truncatingIfNeeded: $0 * 7) }
            #expect(try device.say(message) == 0)
            try aggregator.wait { !$0.received.isEmpty }
            #expect(aggregator.received[0].payload == message.payload)

            message.payload.append(0)
            for bad in [
                message, LinkMessage(""), LinkMessage("a\u{0}b"), LinkMessage("a/+/b"),
                LinkMessage(String(repeating: "a/", count: 10_000)),
                LinkMessage(String(repeating: "/", count: 300)),
            ] {
                #expect(device.refusal(bad) != nil)
            }
            #expect(device.link.isConnected)
        }
    }

    @Test("gets what is retained when it subscribes, and not what is expired")
    func retained() throws {
        try withBroker { broker in
            let aggregator = try TestClient(
                "aggregator@harbour", try broker.aggregator(), of: broker)
            try aggregator.connect(to: broker)
            let order = "flotilla/harbour/channels/main/order"
            try aggregator.say(LinkMessage(order, "sail", retain: true))
            var brief = LinkMessage("\(own)/commands", "gone", retain: true)
            brief.expiry = .seconds(1)
            try aggregator.say(brief)
            try drive([aggregator], for: .seconds(2))

            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker)
            try device.connect(to: broker)
            try device.hear("\(own)/commands")
            try device.hear("flotilla/harbour/channels/+/order")
            try device.wait { !$0.received.isEmpty }
            #expect(device.received == [LinkMessage(order, "sail", retain: true)])
        }
    }

    @Test("leaves a will when it dies, and none when it says goodbye")
    func will() throws {
        try withBroker { broker in
            let aggregator = try TestClient(
                "aggregator@harbour", try broker.aggregator(), of: broker)
            try aggregator.connect(to: broker)
            try aggregator.hear("flotilla/harbour/+/devices/+/presence")
            let identity = try broker.device("kiel-1")
            let will = LinkMessage("\(own)/presence", "gone")
            var device: TestClient? = try TestClient("kiel-1", identity, of: broker) {
                $0.will = will
            }
            try device?.connect(to: broker)
            device?.link.disconnect()
            try device?.wait { $0.ending != nil }
            #expect(device?.ending == "disconnected as asked")
            #expect(device?.link.isActive == false)

            try device?.connect(to: broker)
            // No message is on its way: what was published before this one would have come.
            try device?.say(LinkMessage("\(own)/presence", "back"))
            try aggregator.wait { !$0.received.isEmpty }
            #expect(aggregator.received.map(\.text) == ["back"])

            device = nil
            try aggregator.wait { $0.received.count == 2 }
            #expect(aggregator.received[1] == will)
        }
    }

    @Test("leaves no will when it says goodbye in the middle of much that comes")
    func goodbyeInAFlood() throws {
        try withBroker { broker in
            let aggregator = try TestClient(
                "aggregator@harbour", try broker.aggregator(), of: broker
            ) { $0.inflightLimit = 1_000 }
            try aggregator.connect(to: broker)
            try aggregator.hear("flotilla/harbour/+/devices/+/presence")
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker) {
                $0.will = LinkMessage("\(own)/presence", "gone")
                $0.queuedMessages = 4
            }
            let lump = String(repeating: "x", count: 8_000)
            for _ in 0..<10 {
                device.takesEvents = true
                try device.connect(to: broker)
                try device.hear("\(own)/commands")
                device.takesEvents = false
                for _ in 0..<200 {
                    #expect(aggregator.refusal(LinkMessage("\(own)/commands", lump)) == nil)
                }
                try drive([aggregator, device]) { aggregator.link.inFlight < 150 }
                device.link.disconnect()
                try drive([aggregator, device]) { !device.link.isActive }
                while device.link.nextEvent() != nil {}
                try aggregator.wait { $0.link.inFlight == 0 }
            }
            // A will would have come before this.
            let last = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker)
            try last.connect(to: broker)
            try last.say(LinkMessage("\(own)/presence", "back"))
            try aggregator.wait { $0.received.last?.text == "back" }
            #expect(aggregator.received.map(\.text) == ["back"])
        }
    }

    @Test("finds its session and what came meanwhile, where it asked for that")
    func session() throws {
        try withBroker { broker in
            let aggregator = try TestClient(
                "aggregator@harbour", try broker.aggregator(), of: broker)
            try aggregator.connect(to: broker)
            let identity = try broker.device("kiel-1")
            let device = try TestClient("kiel-1", identity, of: broker) {
                $0.cleanStart = false
                $0.sessionExpiry = .seconds(3_600)
            }
            #expect(try !device.connect(to: broker))
            try device.hear("\(own)/commands")
            device.link.disconnect()
            try device.wait { $0.ending != nil }
            try aggregator.say(LinkMessage("\(own)/commands", "come back"))
            #expect(try device.connect(to: broker))
            try device.wait { !$0.received.isEmpty }
            #expect(device.received.map(\.text) == ["come back"])
        }
    }

    @Test("has at most so many messages in flight, and says when there is room again")
    func inFlight() throws {
        try withBroker { broker in
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker) {
                $0.inflightLimit = 3
            }
            try device.connect(to: broker)
            for _ in 0..<3 { #expect(device.refusal(LinkMessage("\(own)/events")) == nil) }
            #expect(device.refusal(LinkMessage("\(own)/events")) == .busy)
            #expect(device.link.inFlight == 3)
            try device.wait { $0.link.inFlight == 0 }
            #expect(device.refusal(LinkMessage("\(own)/events")) == nil)
        }
    }

    @Test("hears of a broker that was killed, and goes on when that one is back")
    func brokerKilled() throws {
        try withBroker { broker in
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker)
            try device.connect(to: broker)
            #expect(device.refusal(LinkMessage("\(own)/state", "1", retain: true)) == nil)
            broker.kill()
            try device.wait { $0.ending != nil }
            #expect(!device.isRefused)
            #expect(device.waitsForNothing)
            #expect(device.link.inFlight == 0)
            #expect(device.refusal(LinkMessage("\(own)/state")) == .notConnected)

            device.forget()
            try device.begin(port: broker.port)
            try device.wait { $0.ending != nil }
            #expect(device.ending?.contains("Connection refused") == true)

            try broker.restart()
            try device.connect(to: broker)
            let answer = try device.say(LinkMessage("\(own)/state", "2", retain: true))
            #expect(answer < 128)
            #expect(device.longestCall < .milliseconds(200))
        }
    }

    @Test("sleeps while nothing happens, and keeps itself alive")
    func idle() throws {
        try withBroker { broker in
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker) {
                $0.keepAlive = .seconds(5)
            }
            try device.connect(to: broker)
            let before = device.turns
            try drive([device], for: .seconds(9))
            #expect(device.link.isConnected)
            #expect(device.turns - before < 20)
        }
    }

    @Test("gives up a broker that does not answer any more")
    func frozenBroker() throws {
        try withBroker { broker in
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker) {
                $0.keepAlive = .seconds(5)
            }
            try device.connect(to: broker)
            broker.freeze()
            defer { broker.thaw() }
            let before = device.turns
            try device.wait(within: 15) { $0.ending != nil }
            #expect(device.ending?.contains("does not answer") == true)
            #expect(device.turns - before < 500)
        }
    }
}
