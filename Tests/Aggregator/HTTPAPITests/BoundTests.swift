import Foundation
import HTTPAPI
import TestSupport
import Testing

/// What a client can do to the server by being slow, large or many.
@Suite struct BoundTests {
    @Test("a command's body is at most 64 KiB, announced or not")
    func body() async throws {
        try await withTestServer { server in
            let fits = String(repeating: "x", count: 64 << 10)
            #expect(
                try await server.request("/v1/commands", method: "POST", body: fits).status == 200)
            let answer = try await server.request("/v1/commands", method: "POST", body: fits + "x")
            #expect(answer.status == 413)
            #expect(try answer.errorCode() == "tooLarge")
            #expect(await server.fleet.commands.count == 1)

            let port = server.port
            let chunked = try await onThread {
                let connection = try RawConnection(port: port)
                connection.send(Self.head("POST /v1/commands", "Transfer-Encoding: chunked"))
                let chunk = String(repeating: "x", count: 0x4000)
                for _ in 0..<5 { connection.send("4000\r\n\(chunk)\r\n") }
                return try HTTPAnswer(Array(try connection.receive(until: "\"fix\"").utf8))
            }
            #expect(chunked.status == 413)
        }
    }

    private static func head(_ line: String, _ field: String) -> String {
        "\(line) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(TestServer.token)\r\n"
            + "\(field)\r\n\r\n"
    }

    @Test("a body that nobody wants does not flow for ever")
    func unwantedBody() async throws {
        var settings = try testSettings()
        settings.bounds.hookBodyBytes = 100_000
        try await withTestServer(settings) { server in
            let port = server.port
            let isCutOff = try await onThread {
                let connection = try RawConnection(port: port)
                connection.send(Self.head("GET /healthz", "Content-Length: 1000000000"))
                let piece = String(repeating: "x", count: 64 << 10)
                return (0..<1_000).contains { _ in !connection.send(piece) }
            }
            #expect(isCutOff)
        }
    }

    @Test("fields that are too many or too large end the connection with 400")
    func fields() async throws {
        try await withTestServer { server in
            let port = server.port
            for fields in [
                "X: " + String(repeating: "x", count: 20_000),
                (0..<70).map { "X-\($0): 1" }.joined(separator: "\r\n"),
            ] {
                let answer = try await onThread {
                    let connection = try RawConnection(port: port)
                    connection.send(Self.head("GET /healthz", fields))
                    return try HTTPAnswer(try connection.receiveAll())
                }
                #expect(answer.status == 400)
            }
        }
    }

    @Test("what is no HTTP is answered with 400 and hung up on")
    func garbage() async throws {
        try await withTestServer { server in
            let port = server.port
            let text = try await onThread {
                let connection = try RawConnection(port: port)
                connection.send("\u{16}\u{3}\u{1} hello\r\n\r\n")
                return String(decoding: try connection.receiveAll(), as: UTF8.self)
            }
            #expect(text.hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test("who sends nothing, a head without an end, or a body without an end, is hung up on")
    func slowRequests() async throws {
        var settings = try testSettings()
        // Far enough from each other for a machine with much else to do.
        settings.bounds.idleTime = .milliseconds(1_500)
        settings.bounds.requestTime = .milliseconds(3_000)
        settings.bounds.answerTime = .milliseconds(100)
        try await withTestServer(settings) { server in
            let port = server.port
            let texts = try await onThread {
                try [
                    "", "GET /healthz HTTP/1.1\r\nHost: local",
                    Self.head("POST /v1/commands", "Content-Length: 5") + "abc",
                    Self.head("GET /healthz", "Content-Length: 5") + "abc",
                ].map { text in
                    let connection = try RawConnection(port: port)
                    connection.send(text)
                    return String(decoding: try connection.receiveAll(), as: UTF8.self)
                }
            }
            #expect(texts[0].isEmpty)
            #expect(texts[1].isEmpty)
            #expect(texts[2].hasPrefix("HTTP/1.1 408"))
            #expect(texts[3].hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("an answer that is not ready in time is given up")
    func slowAnswer() async throws {
        var settings = try testSettings()
        settings.bounds.answerTime = .milliseconds(200)
        try await withTestServer(settings) { server in
            await server.fleet.set(delay: .seconds(60))
            let answer = try await server.request("/v1/devices")
            #expect(answer.status == 504)
            #expect(try answer.errorCode() == "timeout")
        }
    }

    @Test("who does not take his answer is hung up on")
    func slowReader() async throws {
        var settings = try testSettings()
        settings.bounds.writeTime = .milliseconds(500)
        try await withTestServer(settings) { server in
            let port = server.port
            let isCutOff = try await onThread {
                let connection = try RawConnection(port: port)
                let request =
                    "GET /v1/devices HTTP/1.1\r\nHost: localhost\r\n"
                    + "Authorization: Bearer \(TestServer.token)\r\n\r\n"
                // More answers than the kernel keeps for us, and none is read.
                let many = String(repeating: request, count: 500)
                let deadline = Date().addingTimeInterval(20)
                while Date() < deadline { if !connection.send(many) { return true } }
                return false
            }
            #expect(isCutOff)
        }
    }

    @Test("one connection may ask many times, one after the other")
    func keptConnection() async throws {
        try await withTestServer { server in
            let port = server.port
            try await onThread {
                let connection = try RawConnection(port: port)
                for _ in 0..<3 {
                    connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    #expect(try connection.receive(until: "\"version\":1}").contains(" 200 "))
                }
            }
        }
    }
}
