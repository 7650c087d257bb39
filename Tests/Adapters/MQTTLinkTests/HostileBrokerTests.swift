import FleetModel
import Foundation
import MQTTLink
import NetworkStreams
import TestSupport
import Testing

@Suite("A hostile broker")
struct HostileBrokerTests {
    /// Connects to a peer that sends `bytes` once TLS stands.
    private func withPeer(
        sending bytes: [UInt8], _ change: (inout LinkSettings) -> Void = { _ in },
        _ body: (TestClient) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let authority = try TestAuthority(in: folder, keys: .ed25519)
            let identity = try authority.issue("broker.test", names: "DNS:broker.test")
            let (peer, port) = try RawPeer.server(identity, in: folder)
            var settings = LinkSettings(clientID: "kiel-1", tls: TLSSettings())
            settings.tls.authoritiesFile = authority.certificate.path
            settings.connectTimeout = .seconds(10)
            change(&settings)
            let client = try TestClient(settings)
            try client.begin(port: port)
            // Not earlier: the look whether it listens was a connection too.
            try drive([client]) { peer.process.output.contains("MQTT") }
            peer.send(bytes)
            try withExtendedLifetime(peer) { try body(client) }
        }
    }

    private func ending(_ bytes: [UInt8]) throws -> (reason: String, isRefusal: Bool) {
        var ending = ""
        var isRefused = false
        try withPeer(sending: bytes) { client in
            try client.wait { $0.ending != nil }
            ending = client.ending ?? ""
            isRefused = client.isRefused
            #expect(client.longestCall < .milliseconds(200))
        }
        return (ending, isRefused)
    }

    @Test("that announces 256 MB is left at once")
    func hugePacket() throws {
        let head: [UInt8] = [0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61, 0]
        let body = [UInt8](repeating: 0x62, count: 1 << 20)
        let end = try ending(Packet.welcome() + head + body)
        #expect(end.reason.contains("breaks the protocol: it sends a packet of"))
        #expect(end.isRefusal)
    }

    @Test(
        "that breaks the protocol is left",
        arguments: [
            Packet.welcome() + Packet.welcome(),
            Packet.publish("a", [1]),
            Packet.welcome() + [0x34, 3, 0, 1, 0x61],
            Packet.welcome() + Packet.publish("", [1]),
            Packet.welcome() + [0x30, 4, 0, 200, 0x61, 0],
            Packet.welcome() + [0x30, 0x80, 0x80, 0x80, 0x80, 0x01],
            Packet.welcome() + [0x90, 3, 0, 1, 0],
            Packet.welcome(properties: [0x13, 0]),
            // It would take no message at all.
            Packet.welcome(properties: [0x21, 0, 0]),
        ])
    func nonsense(bytes: [UInt8]) throws {
        let end = try ending(bytes)
        #expect(end.reason.contains("breaks the protocol"), "\(end.reason)")
    }

    @Test("that wants no keep-alive, or one every second, is left", arguments: [0, 1] as [UInt8])
    func keepAlive(seconds: UInt8) throws {
        let end = try ending(Packet.welcome(properties: [0x13, 0, seconds]))
        #expect(end.reason.contains("keep-alive of \(seconds) s"))
    }

    @Test(
        "that keeps nothing, or acknowledges nothing, is left",
        arguments: [[0x25, 0], [0x24, 0]] as [[UInt8]])
    func missingFeatures(properties: [UInt8]) throws {
        let end = try ending(Packet.welcome(properties: properties))
        #expect(end.reason.contains("both are needed"), "\(end.reason)")
        #expect(end.isRefusal)
    }

    @Test("tells why it refuses")
    func refusal() throws {
        let words: [UInt8] = [0x1f] + Packet.text("go away")
        let refused = try ending(Packet.welcome(reason: 135, properties: words))
        #expect(refused.reason.contains("Not authorized (135): go away"))
        #expect(refused.isRefusal)
        let busy = try ending(Packet.welcome(reason: 137))
        #expect(busy.reason.contains("(137)"))
        #expect(!busy.isRefusal)
        let replaced = try ending(Packet.welcome() + Packet.disconnect(reason: 142))
        #expect(replaced.reason.contains("Session taken over (142)"))
        #expect(replaced.isRefusal)
        let leaving = try ending(Packet.welcome() + Packet.disconnect(reason: 139))
        #expect(!leaving.isRefusal)
    }

    @Test("that takes few messages at a time gets few")
    func slowBroker() throws {
        try withPeer(sending: Packet.welcome(properties: [0x21, 0, 2])) { client in
            try client.wait { $0.link.isConnected || $0.ending != nil }
            #expect(client.refusal(LinkMessage("a")) == nil)
            #expect(client.refusal(LinkMessage("a")) == nil)
            #expect(client.refusal(LinkMessage("a")) == .busy)
        }
    }

    @Test("that floods is not read while nobody takes what came, and nothing is lost")
    func flood() throws {
        let count = 20_000
        var bytes = Packet.welcome()
        for number in 0..<count {
            // Of quality 1 too, so that answers have to go out in between.
            let payload = Array("\(number)".utf8) + [UInt8](repeating: 0x2e, count: 40)
            let id = number % 3 == 0 ? UInt16(number % 60_000 + 1) : nil
            bytes += Packet.publish("a/topic", payload, id: id)
        }
        try withPeer(sending: bytes) { client in
            client.takesEvents = false
            try drive([client], for: .seconds(2))
            #expect(client.link.pollRequest == nil)
            #expect(client.turns < 100)
            var kept = 0
            while let event = client.link.nextEvent() {
                if case .received = event { kept += 1 }
            }
            // The bound, and what was in the record of TLS that reached it.
            #expect((256..<256 + 400).contains(kept))
            client.takesEvents = true
            try client.wait(within: 60) { $0.received.count + kept >= count || $0.ending != nil }
            #expect(client.ending == nil)
            let numbers = client.received.map { Int($0.text.prefix { $0 != "." }) }
            #expect(numbers == (kept..<count).map { $0 })
            #expect(client.longestCall < .milliseconds(300))
        }
    }
}
