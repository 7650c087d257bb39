import FleetModel
import Foundation
import HostSystem
import MQTTLink
import NetworkStreams
import TestSupport
import Testing

/// A device with a good certificate against the broker as the project ships it. The victim and the
/// aggregator must not notice.
@Suite("A hostile device")
struct HostileDeviceTests {
    let base = "flotilla/harbour"
    let victims = "flotilla/harbour/aa/devices/victim"
    let evils = "flotilla/harbour/bb/devices/evil"

    /// A broker with a fleet: an aggregator that hears everything, and a victim.
    private struct Harbour {
        let broker: BrokerServer
        let aggregator: TestClient
        let victim: TestClient
        let evil: TestAuthority.Identity

        init(_ broker: BrokerServer) throws {
            self.broker = broker
            aggregator = try TestClient("aggregator@harbour", try broker.aggregator(), of: broker)
            try aggregator.connect(to: broker)
            try aggregator.hear("flotilla/harbour/#")
            victim = try TestClient("victim", try broker.device("victim"), of: broker) {
                $0.will = LinkMessage(
                    "flotilla/harbour/aa/devices/victim/presence", "gone", retain: true)
            }
            try victim.connect(to: broker)
            evil = try broker.device("evil")
        }

        func attacker(
            _ id: String = "evil", _ change: (inout LinkSettings) -> Void = { _ in }
        ) throws -> TestClient {
            let client = try TestClient(id, evil, of: broker, change)
            try client.connect(to: broker)
            return client
        }

        /// The victim is heard, and nothing else was.
        func expectQuiet(_ comment: Comment) throws {
            let topic = "flotilla/harbour/aa/devices/victim/events"
            #expect(try victim.say(LinkMessage(topic, "well")) == 0, comment)
            try drive([aggregator, victim]) { aggregator.received.last?.text == "well" }
            #expect(aggregator.received.map(\.text) == ["well"], comment)
            #expect(victim.ending == nil && aggregator.ending == nil, comment)
            aggregator.forget()
            victim.forget()
        }
    }

    private func withHarbour(
        operators: [String] = [], _ body: (Harbour) throws -> Void
    ) throws {
        try withBroker(operators: operators) { try body(try Harbour($0)) }
    }

    @Test("can't take over another one's connection by its client id")
    func otherClientID() throws {
        try withHarbour { harbour in
            let attacker = try harbour.attacker("victim") {
                $0.cleanStart = false
                $0.sessionExpiry = .seconds(3_600)
            }
            try harbour.expectQuiet("connected as the victim")
            // It is itself, whatever it says.
            #expect(try attacker.say(LinkMessage("\(evils)/events", "mine")) == 0)
            #expect(try attacker.say(LinkMessage("\(victims)/events", "not mine")) == 135)
            try drive([harbour.aggregator]) { !harbour.aggregator.received.isEmpty }
            harbour.aggregator.forget()
            attacker.link.disconnect()
            try harbour.expectQuiet("gone as the victim")
        }
    }

    @Test("can't write what is not its own, retained or not")
    func foreignTopics() throws {
        try withHarbour { harbour in
            let attacker = try harbour.attacker()
            let leaves = ["presence", "state", "events", "ack", "commands"]
            let topics =
                leaves.map { "\(victims)/\($0)" } + leaves.map { "\(base)/bb/devices/victim/\($0)" }
                + [
                    "\(evils)/ack", "\(evils)/commands", "\(evils)/other", evils,
                    "\(evils)/state/x",
                ]
                + ["\(base)/channels/main/order", "\(base)/rollouts/main/commands"]
                + ["\(base)/aggregators/1/status", "flotilla/other/bb/devices/evil/state"]
                + ["$SYS/broker/version", "$CONTROL/dynamic-security/v1", "/", "evil", base]
                + ["\(base)/bb/devices/evil /state", "\(base)/bb/devices/EVIL/state"]
                + ["flotilla/harbour/bb/cc/devices/evil/state"]
            for topic in topics {
                for retain in [false, true] {
                    let message = LinkMessage(topic, "lie", retain: retain)
                    #expect(try attacker.say(message) == 135, "\(topic)")
                }
            }
            try harbour.expectQuiet("foreign topics")
        }
    }

    @Test("can't clear what others have retained")
    func retainedClearing() throws {
        try withHarbour { harbour in
            let state = "\(victims)/state"
            let order = "\(base)/channels/main/order"
            try harbour.victim.say(LinkMessage(state, "well", retain: true))
            try harbour.aggregator.say(LinkMessage(order, "sail", retain: true))
            let attacker = try harbour.attacker()
            for topic in [state, order] {
                let message = LinkMessage(topic, "", retain: true)
                #expect(try attacker.say(message) == 135)
            }
            let late = try TestClient(
                "aggregator@harbour", try harbour.broker.aggregator(), of: harbour.broker)
            try late.connect(to: harbour.broker)
            try late.hear("\(base)/#")
            try late.wait { $0.received.count == 2 }
            #expect(Set(late.received.map(\.text)) == ["well", "sail"])
        }
    }

    @Test("hears nothing that is not for it, whatever it subscribes to")
    func foreignSubscriptions() throws {
        try withHarbour { harbour in
            try harbour.victim.say(LinkMessage("\(victims)/state", "secret", retain: true))
            let attacker = try harbour.attacker()
            for filter in [
                "#", "\(base)/#", "\(victims)/#", "\(victims)/commands", "+/+/+/+/+/+",
                "$SYS/#", "$share/thieves/\(base)/#", "$share/g/#", "\(base)/+/devices/+/state",
                "$CONTROL/#",
            ] { try attacker.hear(filter) }
            for leaf in ["ack", "commands"] {
                try harbour.aggregator.say(LinkMessage("\(victims)/\(leaf)", "secret"))
            }
            try harbour.aggregator.say(LinkMessage("\(base)/rollouts/main/commands", "secret"))
            try harbour.aggregator.say(LinkMessage("\(base)/aggregators/1/status", "secret"))
            for leaf in ["presence", "state", "events"] {
                try harbour.victim.say(LinkMessage("\(victims)/\(leaf)", "secret", retain: true))
            }
            // What it may hear comes behind all of that.
            try harbour.aggregator.say(LinkMessage("\(evils)/commands", "for evil"))
            try drive([attacker, harbour.aggregator, harbour.victim], for: .milliseconds(500))
            #expect(!attacker.received.isEmpty)
            #expect(attacker.received.allSatisfy { $0.text == "for evil" })
            #expect(attacker.ending == nil)
        }
    }

    @Test("can't leave a will on a topic that is not its own")
    func foreignWill() throws {
        try withHarbour { harbour in
            for topic in ["\(victims)/presence", "\(base)/channels/main/order"] {
                var attacker: TestClient? = try TestClient(
                    "evil", harbour.evil, of: harbour.broker
                ) {
                    $0.will = LinkMessage(topic, "lie", retain: true)
                }
                try attacker?.begin(port: harbour.broker.port)
                try attacker?.wait { $0.link.isConnected || $0.ending != nil }
                attacker = nil
                try harbour.expectQuiet("a will on \(topic)")
            }
        }
    }

    /// The broker can't compute a shard. Who hears the message must drop it: `FleetTopics.place`
    /// gives nil for it.
    @Test("can write below other shards, as itself: the aggregator has to drop that")
    func otherShards() throws {
        try withHarbour { harbour in
            let attacker = try harbour.attacker()
            #expect(try attacker.say(LinkMessage("\(base)/aa/devices/evil/state", "lie")) == 0)
            try drive([harbour.aggregator]) { !harbour.aggregator.received.isEmpty }
            #expect(harbour.aggregator.received.map(\.topic) == ["\(base)/aa/devices/evil/state"])
        }
    }

    @Test("that floods does not stop the others")
    func flood() throws {
        try withHarbour { harbour in
            let attacker = try harbour.attacker { $0.inflightLimit = 1_000 }
            let lump = String(repeating: "x", count: 4_000)
            var said = 0
            var longest = Duration.zero
            var start = Clocks.monotonic()
            let end = start + .seconds(3)
            var answers = 0
            try drive([attacker, harbour.victim, harbour.aggregator]) {
                while attacker.refusal(LinkMessage("\(evils)/events", lump)) == nil { said += 1 }
                attacker.forget()
                harbour.aggregator.forget()
                if harbour.victim.link.inFlight == 0 {
                    longest = max(longest, Clocks.monotonic() - start)
                    start = Clocks.monotonic()
                    answers += 1
                    let message = LinkMessage("\(victims)/events", "well")
                    if harbour.victim.refusal(message) != nil { return true }
                }
                return Clocks.monotonic() > end
            }
            #expect(said > 2_000)
            #expect(answers > 20 && longest < .seconds(2), "\(answers) in \(longest) at most")
            #expect(harbour.victim.ending == nil && harbour.aggregator.ending == nil)
        }
    }

    @Test("can't send 10 MB, nor more than 64 KiB")
    func largePayloads() throws {
        try withHarbour { harbour in
            // A client that is told no limit, for it speaks MQTT 3.1.1.
            let file = harbour.broker.authority.certificate.deletingLastPathComponent()
                .appendingPathComponent("payload")
            for size in [10 << 20, (64 << 10) + 1_000, 80_000] {
                try Data(count: size).write(to: file)
                var arguments = ["10", "mosquitto_pub", "-V", "mqttv311", "-q", "1"]
                arguments += ["-h", "127.0.0.1", "-p", "\(harbour.broker.port)", "--insecure"]
                arguments += ["--cafile", harbour.broker.authority.certificate.path]
                arguments += ["--cert", harbour.evil.certificate.path]
                arguments += ["--key", harbour.evil.key.path, "-i", "evil"]
                arguments += ["-t", "\(evils)/state", "-f", file.path]
                // What is larger than a payload but no packet's size is dropped without a word.
                let isSent = (try? run("timeout", arguments)) != nil
                #expect(isSent == (size < 66 << 10))
                try harbour.expectQuiet("\(size) bytes")
            }
            // A will is as large as a message.
            let attacker = try TestClient("evil", harbour.evil, of: harbour.broker)
            try attacker.connect(to: harbour.broker)
            let message = LinkMessage("\(evils)/state", String(repeating: "x", count: 65_537))
            #expect(attacker.refusal(message) != nil)
        }
    }

    @Test("can't send a topic or a filter of 10,000 levels")
    func deepTopics() throws {
        try withHarbour { harbour in
            try withTemporaryFolder { folder in
                let deep = String(repeating: "a/", count: 10_000)
                let subscribe = Packet.packet(0x82, [0, 1, 0] + Packet.text(deep) + [1])
                for bytes in [
                    Packet.publish("\(evils)/\(deep)", [1], id: 1), Packet.publish(deep, [1]),
                    subscribe, Packet.publish("\(base)/bb/devices/evil/state\u{0}", [1]),
                    Packet.packet(0x30, [0xff]), [0x30, 0xff, 0xff, 0xff, 0x7f],
                    [UInt8](repeating: 0xff, count: 1_000),
                ] {
                    let peer = try RawPeer.client(harbour.evil, of: harbour.broker, in: folder)
                    peer.send(Packet.connect(id: "evil") + bytes)
                    try withExtendedLifetime(peer) {
                        try drive([harbour.victim], for: .milliseconds(200))
                        try harbour.expectQuiet("\(bytes.count) raw bytes")
                    }
                }
                #expect(harbour.broker.log.contains("as evil"))
            }
        }
    }

    @Test("is nobody without a certificate of the fleet")
    func noCertificate() throws {
        try withHarbour { harbour in
            try withTemporaryFolder { folder in
                let other = try TestAuthority(in: folder, keys: .ed25519)
                let forged = try other.issue("victim", role: "device")
                for identity in [nil, forged] {
                    let attacker = try TestClient("victim", harbour.evil, of: harbour.broker) {
                        $0.tls.certificateFile = identity?.certificate.path
                        $0.tls.keyFile = identity?.key.path
                    }
                    try attacker.begin(port: harbour.broker.port)
                    try attacker.wait { $0.ending != nil || $0.link.isConnected }
                    #expect(attacker.ending?.contains("certificate") == true)
                    #expect(attacker.isRefused, "\(attacker.ending ?? "")")
                }
            }
            try harbour.expectQuiet("no certificate")
        }
    }

    @Test("is nobody any more once it is revoked and the broker was told")
    func revoked() throws {
        try withHarbour { harbour in
            let attacker = try harbour.attacker()
            attacker.link.disconnect()
            try attacker.wait { $0.ending != nil }
            attacker.forget()
            try harbour.broker.authority.revoke(harbour.evil)
            harbour.broker.reload()
            // It reads the list at the next turn of its loop.
            let deadline = Clocks.monotonic() + .seconds(10)
            repeat {
                attacker.forget()
                try attacker.begin(port: harbour.broker.port)
                try attacker.wait { $0.ending != nil || $0.link.isConnected }
            } while attacker.ending == nil && Clocks.monotonic() < deadline
            #expect(attacker.ending?.contains("certificate") == true, "\(attacker.ending ?? "")")
            #expect(attacker.isRefused)
            // Others come in as before.
            harbour.victim.link.disconnect()
            try harbour.victim.wait { $0.ending != nil }
            try harbour.victim.connect(to: harbour.broker)
            try harbour.expectQuiet("revoked")
        }
    }

    @Test("and an operator can't write orders either; he may look")
    func operators() throws {
        try withHarbour(operators: ["alice"]) { harbour in
            for name in ["alice", "bob"] {
                let person = try TestClient(
                    "\(name)@operators", try harbour.broker.operator(name), of: harbour.broker)
                try person.connect(to: harbour.broker)
                try person.hear("\(base)/#")
                for topic in [
                    "\(base)/channels/main/order", "\(base)/rollouts/main/commands",
                    "\(victims)/commands", "\(victims)/state", "\(victims)/ack",
                ] { #expect(try person.say(LinkMessage(topic, "lie")) == 135) }
                try harbour.expectQuiet("an operator")
                try drive([person], for: .milliseconds(200))
                #expect(person.received.map(\.text) == (name == "alice" ? ["well"] : []))
            }
        }
    }
}
