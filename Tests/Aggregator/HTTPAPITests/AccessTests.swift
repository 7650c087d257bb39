import FleetModel
import Foundation
import TestSupport
import Testing

@testable import HTTPAPI

@Suite struct AccessTests {
    private static let closed = [
        "/metrics", "/v1/devices", "/v1/devices/berth-03", "/v1/devices/berth-03/why",
        "/v1/rollouts", "/v1/drift", "/v1/events", "/v1/changes",
    ]

    @Test("nothing of the fleet is told without the token", arguments: closed)
    func token(target: String) async throws {
        try await withTestServer { server in
            for token in [nil, "", "wrong", TestServer.hookToken, TestServer.token + "x"] {
                let answer = try await server.request(target, token: token)
                #expect(answer.status == 401)
                #expect(try answer.errorCode() == "unauthorized")
                #expect(answer.fields["www-authenticate"]?.hasPrefix("Bearer") == true)
            }
            #expect(
                try await server.request(
                    target, token: nil, ["Authorization": "Basic \(TestServer.token)"]
                ).status == 401)
        }
    }

    @Test("the page sends who has no session to the login form")
    func toLogin() async throws {
        try await withTestServer { server in
            let answer = try await server.request("/", token: nil)
            #expect(answer.status == 303)
            #expect(answer.fields["location"] == "/login")
            let form = try await server.request("/login", token: nil)
            #expect(form.status == 200)
            #expect(form.text.contains("name=\"token\""))
        }
    }

    private func logIn(
        _ server: TestServer, _ token: String = TestServer.token, _ fields: [String: String] = [:]
    ) async throws -> HTTPAnswer {
        try await server.request(
            "/login", method: "POST", token: nil, fields, body: "token=\(token)")
    }

    private func cookie(of answer: HTTPAnswer) throws -> String {
        let field = try #require(answer.fields["set-cookie"])
        return String(field.prefix { $0 != ";" })
    }

    @Test("logging in gives a cookie that reads, is not the token, and ends with logging out")
    func session() async throws {
        try await withTestServer { server in
            let answer = try await logIn(server, "+\(TestServer.token)%0A")
            #expect(answer.status == 303)
            #expect(answer.fields["location"] == "/")
            let field = try #require(answer.fields["set-cookie"])
            for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
                #expect(field.contains(part))
            }
            #expect(!field.contains("Secure"))
            #expect(!field.contains(TestServer.token))

            let cookie = ["Cookie": "other=1; \(try cookie(of: answer))"]
            let page = try await server.request("/", token: nil, cookie)
            #expect(page.status == 200)
            #expect(page.text.contains("<h1"))
            #expect(try await server.request("/v1/devices", token: nil, cookie).status == 200)
            #expect(try await server.request("/login", token: nil, cookie).status == 303)

            let out = try await server.request("/logout", method: "POST", token: nil, cookie)
            #expect(out.status == 303)
            #expect(out.fields["set-cookie"]?.contains("Max-Age=0") == true)
            // Who kept the cookie has nothing of it.
            #expect(try await server.request("/v1/devices", token: nil, cookie).status == 401)
        }
    }

    @Test("a session steers nothing: a browser may be made to send its cookie")
    func sessionDoesNotSteer() async throws {
        try await withTestServer { server in
            let cookie = ["Cookie": try cookie(of: try await logIn(server))]
            for target in ["/v1/commands", "/v1/hooks/push"] {
                let answer = try await server.request(
                    target, method: "POST", token: nil, cookie, body: "{}")
                #expect(answer.status == 401)
            }
            #expect(await server.fleet.pushes == 0)
            #expect(await server.fleet.commands.isEmpty)
        }
    }

    @Test("another site can neither log in nor log out")
    func otherSite() async throws {
        try await withTestServer { server in
            for site in ["cross-site", "same-site"] {
                let answer = try await logIn(server, TestServer.token, ["Sec-Fetch-Site": site])
                #expect(answer.status == 403)
                #expect(try answer.errorCode() == "otherSite")
            }
            #expect(
                try await logIn(server, TestServer.token, ["Sec-Fetch-Site": "same-origin"]).status
                    == 303)
        }
    }

    @Test("a cookie that was changed, has ended or is of another token is none")
    func forgedSession() throws {
        let token = try #require(AccessToken(TestServer.token))
        let other = try #require(AccessToken(TestServer.hookToken))
        let sessions = Sessions(token: token, duration: .seconds(60))
        let cookie = sessions.begin(at: .init(seconds: 1_000))
        #expect(sessions.isGood(cookie, at: .init(seconds: 1_059)))
        #expect(!sessions.isGood(cookie, at: .init(seconds: 1_060)))
        let later = "9" + cookie
        #expect(!sessions.isGood(later, at: .init(seconds: 1_001)))
        for index in cookie.indices where cookie[index] != "." {
            var changed = cookie
            changed.replaceSubrange(index...index, with: cookie[index] == "0" ? "1" : "0")
            #expect(!sessions.isGood(changed, at: .init(seconds: 1_001)), "\(changed)")
        }
        for text in ["", "..", "a.b.c", String(repeating: "1", count: 300)] {
            #expect(!sessions.isGood(text, at: .init(seconds: 1_001)))
        }
        let others = Sessions(token: other, duration: .seconds(60))
        #expect(!others.isGood(cookie, at: .init(seconds: 1_001)))
        // After a restart it is as good as before.
        let again = Sessions(token: token, duration: .seconds(60))
        #expect(again.isGood(cookie, at: .init(seconds: 1_001)))
    }

    @Test("who guesses too often is told to wait, and locks out nobody who has the token")
    func guesses() async throws {
        var settings = try testSettings()
        settings.bounds.loginAttempts = 3
        try await withTestServer(settings) { server in
            for _ in 0..<3 { #expect(try await logIn(server, "wrong").status == 401) }
            for _ in 0..<2 {
                let answer = try await logIn(server, "wrong")
                #expect(answer.status == 429)
                #expect(
                    Int(answer.fields["retry-after"] ?? "").map { (1...60).contains($0) } == true)
                #expect(answer.text.contains("counted from the beginning"))
                #expect(answer.fields["set-cookie"] == nil)
                // Behind a proxy they have the same address.
                #expect(try await logIn(server).status == 303)
            }
            // Programs are not held up by it.
            #expect(try await server.request("/v1/devices").status == 200)
        }
    }

    @Test("guesses are counted by address, and forgotten with their window")
    func guessWindow() {
        let bound = LoginBound(limit: 2, window: .seconds(10))
        #expect(bound.take("a", at: .init(seconds: 0)) == nil)
        #expect(bound.take("a", at: .init(seconds: 4)) == nil)
        #expect(bound.take("a", at: .init(seconds: 4)) == .seconds(6))
        #expect(bound.take("b", at: .init(seconds: 4)) == nil)
        #expect(bound.take("a", at: .init(seconds: 10)) == nil)
        // A flood of addresses takes no more memory, and still is bounded.
        for index in 0..<5_000 { _ = bound.take("x\(index)", at: .init(seconds: 11)) }
        #expect(bound.take("new", at: .init(seconds: 11)) != nil)
        #expect(bound.take("new", at: .init(seconds: 30)) == nil)
    }

    @Test("a request must name this server")
    func hosts() async throws {
        var settings = try testSettings()
        settings.hostNames = ["Fleet.example.com"]
        try await withTestServer(settings) { server in
            for host in [
                "127.0.0.1", "localhost:1", "[::1]:9", "192.0.2.7", "fleet.EXAMPLE.com:80",
            ] {
                #expect(
                    try await server.request("/healthz", ["Host": host]).status == 200, "\(host)")
            }
            for host in ["evil.example.com", "localhost.evil.example", "127.0.0.1.nip.io"] {
                let answer = try await server.request("/v1/devices", ["Host": host])
                #expect(answer.status == 421, "\(host)")
                #expect(try answer.errorCode() == "wrongHost")
            }
            let none = try await server.request("/healthz", ["Host": ""])
            #expect(none.status == 400)
        }
    }

    @Test("who only looks for a token's file makes none")
    func missingTokenFile() throws {
        try withTemporaryFolder { folder in
            let path = folder.resolvingSymlinksInPath().appendingPathComponent("token").path
            #expect(try AccessToken.read(at: path) == nil)
            #expect(!FileManager.default.fileExists(atPath: path))
            let made = try AccessToken.stored(at: path)
            #expect(try AccessToken.read(at: path)?.secret == made.secret)
        }
    }

    @Test("a token's file is made where it is missing, for its user only, and read again")
    func tokenFile() throws {
        try withTemporaryFolder { folder in
            let path = folder.resolvingSymlinksInPath().appendingPathComponent("token").path
            let made = try AccessToken.stored(at: path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.utf8.count == 65)
            #expect(made.isSame(as: text.dropLast()))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            #expect(try AccessToken.stored(at: path).isSame(as: text.dropLast()))

            try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: path)
            #expect(throws: HTTPSettingsFault.self) { try AccessToken.stored(at: path) }
            for text in [
                "short", String(repeating: "x", count: 513), "two words of a long token", "",
                "a-token-on-one-line-of-two\nanother",
            ] {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600], ofItemAtPath: path)
                #expect(throws: HTTPSettingsFault.self, "\(text)") {
                    try AccessToken.stored(at: path)
                }
            }
            #expect(throws: HTTPSettingsFault.self) {
                try AccessToken.stored(at: folder.path + "/none/token")
            }
        }
    }
}
