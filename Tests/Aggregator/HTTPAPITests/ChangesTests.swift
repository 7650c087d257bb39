import Foundation
import HTTPAPI
import TestSupport
import Testing

@Suite struct ChangesTests {
    private static let request =
        "GET /v1/changes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(TestServer.token)"
        + "\r\n\r\n"

    /// A listener that has heard the first revision.
    private func listener(_ server: TestServer) async throws -> Listener {
        let port = server.port
        return try await onThread {
            let connection = try RawConnection(port: port)
            connection.send(Self.request)
            let text = try connection.receive(until: "data: {\"revision\":1}\n\n")
            #expect(text.contains("text/event-stream"))
            #expect(text.contains("retry: 2000\n\n"))
            #expect(text.contains("event: change\n"))
            return Listener(connection: connection)
        }
    }

    /// Used by one thread at a time.
    private struct Listener: @unchecked Sendable {
        let connection: RawConnection

        func hears(_ text: String) async throws {
            try await onThread { [self] in _ = try connection.receive(until: text) }
        }

        func isHungUpOn() async throws {
            try await onThread { [self] in _ = try connection.receiveAll() }
        }
    }

    private func until(_ what: String, _ condition: () async -> Bool) async throws {
        let deadline = Date().addingTimeInterval(20)
        while await !condition() {
            try #require(Date() < deadline, "not in time: \(what)")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test("a listener hears the revision at once and after each change")
    func changes() async throws {
        try await withTestServer { server in
            let listener = try await listener(server)
            await server.fleet.change()
            try await listener.hears("data: {\"revision\":2}\n\n")
            await server.fleet.change()
            try await listener.hears("data: {\"revision\":3}\n\n")
        }
    }

    @Test("of many changes at once a listener hears the last, and not each")
    func coalescing() async throws {
        try await withTestServer { server in
            let port = server.port
            let first = try await listener(server)
            for _ in 0..<100 { await server.fleet.change() }
            try await first.hears("data: {\"revision\":101}\n\n")
            _ = port
        }
    }

    @Test("when nothing happens a comment says that the line is alive")
    func keepAlive() async throws {
        var settings = try testSettings()
        settings.bounds.keepAlive = .milliseconds(100)
        try await withTestServer(settings) { server in
            let listener = try await listener(server)
            try await listener.hears(": nothing new\n\n")
        }
    }

    @Test("the server stops although somebody listens")
    func stop() async throws {
        let begin = Date()
        let listener: Listener = try await withTestServer { server in
            try await self.listener(server)
        }
        try await listener.isHungUpOn()
        // Well within the time that a stop may take before all is cut off.
        #expect(Date().timeIntervalSince(begin) < 4)
    }

    @Test("who goes away is forgotten, and makes room")
    func leaving() async throws {
        var settings = try testSettings()
        settings.bounds.listeners = 1
        try await withTestServer(settings) { server in
            var listener: Listener? = try await listener(server)
            let refused = try await server.request("/v1/changes")
            #expect(refused.status == 503)
            #expect(try refused.errorCode() == "tooManyListeners")
            #expect(refused.fields["retry-after"] == "30")
            #expect(listener != nil)
            listener = nil
            try await until("the listener is forgotten") { await server.fleet.listenerCount == 0 }
            listener = try await self.listener(server)
            #expect(listener != nil)
        }
    }

    @Test("after its time a stream ends, and its listener comes again with a good token")
    func listenTime() async throws {
        var settings = try testSettings()
        settings.bounds.keepAlive = .milliseconds(100)
        settings.bounds.listenTime = .milliseconds(300)
        try await withTestServer(settings) { server in
            let port = server.port
            try await onThread {
                let connection = try RawConnection(port: port)
                connection.send(
                    Self.request.replacingOccurrences(
                        of: "Host:", with: "Connection: close\r\nHost:"))
                _ = try connection.receive(until: "0\r\n\r\n")
            }
        }
    }
}
