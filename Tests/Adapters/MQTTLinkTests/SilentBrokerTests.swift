import FleetModel
import Foundation
import MQTTLink
import NetworkStreams
import TestSupport
import Testing

/// A device's loop has other things to do: whatever a broker does or does not do, no call of the
/// link takes long, the loop sleeps in between, and the deadline ends it.
@Suite("A broker that stops answering")
struct SilentBrokerTests {
    private func client(_ change: (inout LinkSettings) -> Void = { _ in }) throws -> TestClient {
        var settings = LinkSettings(clientID: "kiel-1", tls: TLSSettings())
        settings.connectTimeout = .seconds(1)
        change(&settings)
        return try TestClient(settings)
    }

    /// Connects, and checks that it ends with `reason`, in time and without work in between.
    private func expectEnd(_ client: TestClient, port: Int, _ reason: String) throws {
        try client.begin(port: port)
        try client.wait(within: 5) { $0.ending != nil }
        #expect(client.ending?.contains(reason) == true, "\(client.ending ?? "")")
        #expect(!client.isRefused)
        #expect(client.waitsForNothing)
        #expect(client.longestCall < .milliseconds(200))
        #expect(client.turns < 150)
    }

    @Test("that never answers TCP")
    func noTCP() throws {
        // The kernel keeps one connection in a queue of no length, and drops what comes then.
        let socket = try FullSocket()
        try expectEnd(try client(), port: socket.port, "no TCP connection in time")
    }

    @Test("that accepts and says nothing")
    func blackHole() throws {
        let socket = try ListeningSocket()
        try expectEnd(try client(), port: socket.port, "no TLS in time")
    }

    @Test("that stops in the middle of the TLS handshake")
    func stopsInHandshake() throws {
        let server = try SocketServer { connection in
            _ = connection.read(upTo: 1_000)
            // The head of a record of the handshake, and the first byte of a server's hello.
            _ = connection.send([0x16, 0x03, 0x03, 0x00, 0x7a, 0x02])
            connection.waitUntilClosed()
        }
        try server.serving { try expectEnd(try client(), port: $0, "no TLS in time") }
    }

    @Test("that sends the TLS handshake by drops")
    func drips() throws {
        let server = try SocketServer { connection in
            _ = connection.read(upTo: 1_000)
            _ = connection.send([0x16, 0x03, 0x03, 0x3f, 0x00, 0x02, 0x00, 0x3e, 0xfc, 0x03, 0x03])
            connection.drip("\u{0}", every: 0.05)
        }
        try server.serving { try expectEnd(try client(), port: $0, "no TLS in time") }
    }

    @Test("that hangs up in the TLS handshake")
    func hangsUp() throws {
        let server = try SocketServer { connection in _ = connection.read(upTo: 100) }
        try server.serving { try expectEnd(try client(), port: $0, "hung up in the TLS") }
    }

    @Test("that does not speak TLS")
    func noTLS() throws {
        let server = try SocketServer { connection in
            _ = connection.send(Packet.welcome() + [UInt8](repeating: 0, count: 100))
            connection.waitUntilClosed()
        }
        try server.serving { try expectEnd(try client(), port: $0, "TLS failed") }
    }

    @Test("that speaks TLS and never welcomes")
    func noWelcome() throws {
        try withTemporaryFolder { folder in
            let authority = try TestAuthority(in: folder)
            let identity = try authority.issue("broker.test", names: "DNS:broker.test")
            let (peer, port) = try RawPeer.server(identity, in: folder)
            try withExtendedLifetime(peer) {
                let client = try client { $0.tls.authoritiesFile = authority.certificate.path }
                try expectEnd(client, port: port, "no welcome of MQTT in time")
            }
        }
    }

    @Test("does not stop others in the same loop")
    func others() throws {
        try withBroker { broker in
            let socket = try ListeningSocket()
            let silent = try client()
            let device = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker)
            try device.connect(to: broker)
            try silent.begin(port: socket.port)
            var said = 0
            try drive([silent, device], within: 5) {
                if device.link.inFlight == 0 {
                    let message = LinkMessage("flotilla/harbour/aa/devices/kiel-1/events")
                    if device.refusal(message) == nil { said += 1 }
                }
                return silent.ending != nil
            }
            #expect(said > 50)
        }
    }
}
