import FleetModel
import Foundation
import HostSystem
import MQTTLink
import NetworkStreams
import Synchronization
import TestSupport
import Testing

@Suite("A link believes a broker by its certificate alone")
struct TLSLinkTests {
    /// Tries to connect to a broker, and tells how that ended.
    private func attempt(
        expecting host: String = BrokerServer.name,
        _ change: (inout LinkSettings) -> Void = { _ in }
    ) throws -> (ending: String?, isRefused: Bool) {
        try withBroker { broker in
            let client = try TestClient("kiel-1", try broker.device("kiel-1"), of: broker, change)
            try client.begin(port: broker.port, host: host)
            try client.wait { $0.ending != nil || $0.link.isConnected }
            return (client.ending, client.isRefused)
        }
    }

    @Test("the configured name counts, though the connection goes to an address")
    func rightName() throws {
        let (ending, _) = try attempt()
        #expect(ending == nil)
    }

    @Test("another name is refused", arguments: ["other.test", "test", "127.0.0.1", "roker.test"])
    func wrongName(name: String) throws {
        let (ending, isRefused) = try attempt(expecting: name)
        #expect(ending?.contains("the certificate is refused for \(name)") == true)
        #expect(isRefused)
    }

    @Test("another authority is refused")
    func wrongAuthority() throws {
        try withTemporaryFolder { folder in
            let other = try TestAuthority(in: folder, keys: .ed25519)
            let (ending, isRefused) = try attempt {
                $0.tls.authoritiesFile = other.certificate.path
            }
            #expect(ending?.contains("the certificate is refused") == true)
            #expect(isRefused)
        }
    }

    @Test("an expired certificate is refused, by the time that is known to have passed")
    func expired() throws {
        let (ending, isRefused) = try attempt {
            $0.tls.notBefore = Clocks.wall() + .seconds(60 * 86_400)
        }
        #expect(ending?.contains("expired") == true)
        #expect(isRefused)
    }

    @Test("a known time that has long passed changes nothing")
    func earlyTime() throws {
        let (ending, _) = try attempt { $0.tls.notBefore = Instant(seconds: 1_000) }
        #expect(ending == nil)
    }

    @Test("a device can't be taken for the broker, whatever it is called")
    func deviceAsBroker() throws {
        try withBroker { broker in
            try withTemporaryFolder { folder in
                let own = try broker.device("kiel-1")
                for (name, usage) in [("plain.test", nil), ("limited.test", "clientAuth")] {
                    let thief = try broker.authority.issue(name, role: "device", usage: usage)
                    let (peer, port) = try RawPeer.server(thief, in: folder)
                    peer.send(Packet.welcome())
                    let client = try TestClient("kiel-1", own, of: broker)
                    try client.begin(port: port, host: name)
                    try client.wait { $0.ending != nil || $0.link.isConnected }
                    #expect(client.ending?.contains("the certificate is refused") == true)
                }
            }
        }
    }

    @Test("the server is asked for by its name and not by the address")
    func serverName() throws {
        let hello = Mutex<[UInt8]>([])
        let server = try SocketServer { connection in
            let bytes = connection.read(upTo: 2_000)
            hello.withLock { $0 = bytes }
        }
        let client = try TestClient(LinkSettings(clientID: "kiel-1", tls: TLSSettings()))
        try server.serving { port in
            try client.begin(port: port, host: "broker.test")
            try client.wait { $0.ending != nil }
        }
        let text = String(decoding: hello.withLock { $0 }, as: UTF8.self)
        #expect(text.contains("broker.test"))
        #expect(!text.contains("127.0.0.1"))
        #expect(client.ending?.contains("hung up in the TLS handshake") == true)
    }

    @Test("what can't be used is told before anything is sent")
    func unusable() throws {
        try withTemporaryFolder { folder in
            var settings = LinkSettings(clientID: "kiel-1", tls: TLSSettings())
            settings.tls.certificateFile = folder.appendingPathComponent("missing.pem").path
            settings.tls.keyFile = settings.tls.certificateFile
            let client = try TestClient(settings)
            #expect(throws: LinkError.self) { try client.begin(port: 1) }
            #expect(client.waitsForNothing)
        }
        let link = try BrokerLink(LinkSettings(clientID: "kiel-1", tls: TLSSettings()))
        for address in ["", "localhost", "broker.test", "127.0.0.1\u{0}", "127.0.0.1:1", "[::1]"] {
            #expect(throws: LinkError.self) {
                try link.connect(to: address, port: 8883, expecting: "broker.test")
            }
        }
        #expect(throws: LinkError.self) {
            try link.connect(to: "127.0.0.1", port: 0, expecting: "broker.test")
        }
        #expect(throws: LinkError.self) {
            try link.connect(to: "127.0.0.1", port: 8883, expecting: "")
        }
        #expect(!link.isActive)
    }
}
