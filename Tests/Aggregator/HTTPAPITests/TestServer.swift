import FleetAnswers
import FleetModel
import Foundation
import HTTPAPI
import Testing

/// A server that a test talks to.
struct TestServer: Sendable {
    static let token = "reading-token-of-the-tests"
    static let hookToken = "hook-token-of-the-tests-too"

    let port: Int
    let fleet: SampleFleet

    func request(
        _ target: String, method: String = "GET", token: String? = Self.token,
        _ fields: [String: String] = [:], body: String = ""
    ) async throws -> HTTPAnswer {
        var fields = fields
        fields["Host"] = fields["Host"] ?? "127.0.0.1:\(port)"
        fields["Connection"] = "close"
        if let token { fields["Authorization"] = "Bearer \(token)" }
        if !body.isEmpty { fields["Content-Length"] = "\(body.utf8.count)" }
        let head =
            "\(method) \(target) HTTP/1.1\r\n"
            + fields.map { "\($0.key): \($0.value)\r\n" }.joined() + "\r\n"
        let port = port
        return try await onThread {
            let connection = try RawConnection(port: port)
            connection.send(head + body)
            return try HTTPAnswer(try connection.receiveAll())
        }
    }
}

func testSettings(
    _ listen: String = "127.0.0.1:0", _ change: (inout HTTPSettings) -> Void = { _ in }
) throws -> HTTPSettings {
    var settings = HTTPSettings(
        channel: try #require(ChannelName("harbour/main")),
        listen: try #require(ListenAddress(listen)),
        token: try #require(AccessToken(TestServer.token)),
        hookToken: try #require(AccessToken(TestServer.hookToken)))
    change(&settings)
    return settings
}

/// Runs a server while the closure talks to it, and stops it.
func withTestServer<Result: Sendable>(
    _ settings: HTTPSettings? = nil, fleet: SampleFleet = SampleFleet(),
    _ body: (TestServer) async throws -> Result
) async throws -> Result {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = try FleetHTTPServer(settings ?? testSettings(), answers: fleet) {
        port.yield($0)
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { port.finish() }
            try await server.run()
        }
        var listening = ports.makeAsyncIterator()
        guard let port = await listening.next() else {
            try await group.waitForAll()
            throw HTTPSettingsFault("the server ended at once", fix: "Look why.")
        }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(TestServer(port: port, fleet: fleet)))
        } catch {
            result = .failure(error)
        }
        await server.stop()
        try await group.waitForAll()
        return try result.get()
    }
}
