import Foundation
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What a client can do to the server by holding connections.
@Suite struct ConnectionTests {
    private static let head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    private static let request = head + "\r\n"

    /// Sends a byte of a field now and then until the other side hangs up; how long that took.
    private static func drip(_ connection: RawConnection) throws -> Duration {
        let begin = ContinuousClock.now
        connection.send("X: ")
        while ContinuousClock.now - begin < .seconds(20), connection.send("x") {
            usleep(20_000)
        }
        return ContinuousClock.now - begin
    }

    @Test("who drips the head of a request has no more time than who sends nothing")
    func drippedHead() async throws {
        var settings = try testSettings()
        settings.bounds.headTime = .milliseconds(500)
        try await withTestServer(settings) { server in
            let port = server.port
            let (dripped, silent) = try await onThread {
                let dripping = try RawConnection(port: port)
                dripping.send(Self.head)
                let dripped = try Self.drip(dripping)
                let begin = ContinuousClock.now
                #expect(try RawConnection(port: port).receiveAll().isEmpty)
                return (dripped, ContinuousClock.now - begin)
            }
            #expect(dripped < .seconds(10))
            #expect(silent < .seconds(10))
        }
    }

    @Test("a handshake of TLS that does not end has no more time either")
    func drippedHandshake() async throws {
        try await withTemporaryFolder { folder in
            let identity = try TestAuthority(in: folder).issue("server", names: "DNS:localhost")
            let settings = try testSettings {
                $0.tls = .init(certificate: identity.certificate.path, key: identity.key.path)
                $0.bounds.headTime = .milliseconds(500)
            }
            try await withTestServer(settings) { server in
                let port = server.port
                let time = try await onThread {
                    let begin = ContinuousClock.now
                    let connection = try RawConnection(port: port)
                    // The begin of a record, of which nothing more comes.
                    connection.send("\u{16}\u{3}\u{1}")
                    _ = try connection.receiveAll()
                    return ContinuousClock.now - begin
                }
                #expect(time < .seconds(10))
            }
        }
    }

    @Test("a connection that is kept may rest, and then has to send a whole head in that time")
    func keptConnection() async throws {
        var settings = try testSettings()
        settings.bounds.headTime = .milliseconds(300)
        settings.bounds.idleTime = .milliseconds(2_500)
        try await withTestServer(settings) { server in
            let port = server.port
            let time = try await onThread {
                let connection = try RawConnection(port: port)
                for _ in 0..<2 {
                    connection.send(Self.request)
                    #expect(try connection.receive(until: "\"version\":1}").contains(" 200 "))
                    // Longer than the first head may take.
                    usleep(800_000)
                }
                connection.send(Self.head)
                return try Self.drip(connection)
            }
            #expect(time < .seconds(10))
        }
    }

    @Test("an answer that goes on and on is not cut off by the times for requests")
    func listener() async throws {
        var settings = try testSettings()
        settings.bounds.headTime = .milliseconds(200)
        settings.bounds.requestTime = .milliseconds(200)
        settings.bounds.idleTime = .milliseconds(200)
        settings.bounds.keepAlive = .milliseconds(50)
        try await withTestServer(settings) { server in
            let port = server.port
            let hears = try await onThread {
                let connection = try RawConnection(port: port)
                connection.send(
                    "GET /v1/changes HTTP/1.1\r\nHost: localhost\r\n"
                        + "Authorization: Bearer \(TestServer.token)\r\n\r\n")
                let end = ContinuousClock.now + .seconds(1)
                while ContinuousClock.now < end {
                    if try connection.receive().isEmpty { return false }
                }
                return true
            }
            #expect(hears)
        }
    }

    @Test("an address has no more than its part of the connections, and gets it back")
    func hoarding() async throws {
        var settings = try testSettings()
        settings.bounds.connectionsOfThisMachine = 3
        try await withTestServer(settings) { server in
            let port = server.port
            try await onThread {
                func isServed(_ connection: RawConnection) throws -> Bool {
                    guard connection.send(Self.request) else { return false }
                    return try !connection.receive().isEmpty
                }
                var kept = try (0..<3).map { _ in try RawConnection(port: port) }
                for connection in kept { #expect(try isServed(connection)) }
                for _ in 0..<5 { #expect(try !isServed(RawConnection(port: port))) }
                #expect(try isServed(kept[0]))
                kept.removeLast()
                let end = ContinuousClock.now + .seconds(10)
                while ContinuousClock.now < end {
                    if try isServed(RawConnection(port: port)) { return }
                    usleep(20_000)
                }
                Issue.record("nobody is served after one hung up")
            }
            let metrics = try await servedMetrics(server)
            let line = try #require(
                metrics.split(separator: "\n").first {
                    $0.hasPrefix("flotilla_http_refused_connections_total ")
                })
            #expect((line.split(separator: " ").last.flatMap { Int($0) } ?? 0) >= 5)
        }
    }

    /// What was hung up on may be counted a moment longer.
    private func servedMetrics(_ server: TestServer) async throws -> String {
        let port = server.port
        return try await onThread {
            for _ in 0..<100 {
                let connection = try RawConnection(port: port)
                connection.send(
                    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Authorization: Bearer \(TestServer.token)\r\n\r\n")
                let text = String(decoding: try connection.receiveAll(), as: UTF8.self)
                if !text.isEmpty { return text }
                usleep(50_000)
            }
            return ""
        }
    }

    @Test("addresses are counted as whoever has them")
    func peers() throws {
        func peer(_ text: String) throws -> Peer? {
            Peer(try SocketAddress(ipAddress: text, port: 1))
        }
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            #expect(try peer(text) == .thisMachine, "\(text)")
        }
        #expect(try peer("192.0.2.1") == peer("::ffff:192.0.2.1"))
        #expect(try peer("192.0.2.1") != peer("192.0.2.2"))
        #expect(try peer("::ffff:192.0.2.1") != peer("::ffff:192.0.2.2"))
        // One household, and its neighbour.
        #expect(try peer("2001:db8:0:1::1") == peer("2001:db8:0:1:ffff::2"))
        #expect(try peer("2001:db8:0:1::1") != peer("2001:db8:0:2::1"))
        #expect(Peer(nil) == nil)
    }

    @Test("this machine, which may be a proxy, has more than others, and nobody has everything")
    func parts() throws {
        let bounds = HTTPBounds()
        for (peer, limit) in [(Peer.version4(1), 64), (Peer.thisMachine, 384)] {
            let desk = ConnectionDesk(bounds)
            for _ in 0..<limit { #expect(desk.enter(peer)) }
            #expect(!desk.enter(peer))
            #expect(desk.enter(.version4(2)))
            desk.leave(peer)
            #expect(desk.enter(peer))
        }
        #expect(bounds.connectionsOfThisMachine > bounds.listeners)
        #expect(bounds.connectionsOfThisMachine < bounds.connections)
    }
}
