import Digests
import Foundation
import TestSupport
import Testing

@testable import HTTPAPI

@Suite struct HookTests {
    private static let body = #"{"ref":"refs/heads/main","commits":[]}"#

    private func push(
        _ server: TestServer, token: String? = nil, _ fields: [String: String] = [:],
        body: String = Self.body
    ) async throws -> HTTPAnswer {
        try await server.request(
            "/v1/hooks/push", method: "POST", token: token, fields, body: body)
    }

    private func signature(_ body: String, key: String = TestServer.hookToken) -> String {
        "sha256=" + Hex.encode(HMAC.code(of: body.utf8, key: Array(key.utf8)))
    }

    @Test("a push is taken with the hook's token in any of the ways of forges")
    func ways() async throws {
        try await withTestServer { server in
            let answers = [
                try await push(server, token: TestServer.hookToken),
                try await push(server, ["X-Gitlab-Token": TestServer.hookToken]),
                try await push(server, ["X-Hub-Signature-256": signature(Self.body)]),
                try await push(server, token: TestServer.hookToken, body: ""),
            ]
            for answer in answers {
                #expect(answer.status == 202)
                #expect(try answer.json()["accepted"]?.text == "true")
            }
            #expect(await server.fleet.pushes == 4)
        }
    }

    @Test("and by nobody else")
    func refusals() async throws {
        try await withTestServer { server in
            let answers = [
                try await push(server),
                // It reads, and is not the hook's.
                try await push(server, token: TestServer.token),
                try await push(server, ["X-Gitlab-Token": "wrong"]),
                try await push(server, ["X-Hub-Signature-256": signature(Self.body + " ")]),
                try await push(
                    server, ["X-Hub-Signature-256": signature(Self.body, key: TestServer.token)]),
                try await push(server, ["X-Hub-Signature-256": "sha256="]),
                try await push(server, ["X-Hub-Signature-256": "sha1=00"]),
            ]
            for answer in answers {
                #expect(answer.status == 401)
                #expect(try answer.errorCode() == "unauthorized")
            }
            #expect(await server.fleet.pushes == 0)
        }
    }

    @Test("our HMAC is OpenSSL's", arguments: [0, 1, 63, 64, 65, 200])
    func hmac(length: Int) async throws {
        let key = String(repeating: "k", count: max(1, length))
        let text = String(repeating: "t", count: length)
        let output = try await onThread {
            try run(
                "openssl", ["dgst", "-sha256", "-hmac", key, "-r"], input: Data(text.utf8))
        }
        let expected = String(decoding: output, as: UTF8.self).prefix { $0 != " " }
        #expect(Hex.encode(HMAC.code(of: text.utf8, key: Array(key.utf8))) == expected)
    }

    @Test("the body is waited for only where a signature over it is the proof")
    func unreadBodies() async throws {
        try await withTestServer { server in
            let port = server.port
            let token = TestServer.hookToken
            for (field, status) in [
                ("X: 1", 401), ("Authorization: Bearer wrong", 401), ("X-Gitlab-Token: wrong", 401),
                ("X-Hub-Signature-256: sha256=00", 401), ("X-Hub-Signature-256: md5=00", 401),
                ("Authorization: Bearer \(token)", 202), ("X-Gitlab-Token: \(token)", 202),
            ] {
                let text = try await onThread {
                    let connection = try RawConnection(port: port)
                    connection.send(
                        "POST /v1/hooks/push HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n"
                            + "Content-Length: 4000000\r\n\r\n")
                    return try connection.receive(until: "\r\n\r\n")
                }
                #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(field): \(text)")
            }
        }
    }

    @Test("a parameter that nothing is known of is told, and nothing is looked at")
    func parameters() async throws {
        try await withTestServer { server in
            let answer = try await server.request(
                "/v1/hooks/push?x=1", method: "POST", token: TestServer.hookToken)
            #expect(answer.status == 400)
            #expect(try answer.errorCode() == "unknownParameter")
            #expect(await server.fleet.pushes == 0)
        }
    }

    @Test("a large push is hashed and taken, one without bounds is not")
    func largeBodies() async throws {
        var settings = try testSettings()
        settings.bounds.hookBodyBytes = 300_000
        try await withTestServer(settings) { server in
            let large = String(repeating: "x", count: 300_000)
            let fields = ["X-Hub-Signature-256": signature(large)]
            #expect(try await push(server, fields, body: large).status == 202)
            let tooLarge = try await push(
                server, ["X-Hub-Signature-256": signature(large + "x")], body: large + "x")
            #expect(tooLarge.status == 413)
            #expect(try tooLarge.errorCode() == "tooLarge")
        }
    }
}
