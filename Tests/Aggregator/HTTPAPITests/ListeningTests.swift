import FleetAnswers
import Foundation
import HTTPAPI
import TestSupport
import Testing

@Suite struct ListeningTests {
    @Test("an address is a host and a port")
    func addresses() throws {
        let address = try #require(ListenAddress("[::1]:8410"))
        #expect(address.host == "::1")
        #expect(address.port == 8410)
        #expect(address.description == "[::1]:8410")
        #expect(ListenAddress("localhost:1")?.host == "127.0.0.1")
        for text in [
            "", "8410", ":8410", "::1:8410", "[::1:8410", "a b:1", "a:65536", "a:-1", "a:+1", "a:",
            "[a]:1", "[]:1",
        ] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
    }

    @Test(
        "only the loopback is one",
        arguments: [
            ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("localhost:1", true),
            ("0.0.0.0:1", false), ("[::]:1", false), ("192.0.2.1:1", false),
            ("[::ffff:127.0.0.1]:1", false), ("127.0.0.1.example.com:1", false),
            ("fleet.example.com:1", false), ("127.example:1", false), ("127.1:1", false),
            ("127.0.0.01:1", false), ("127.0.0.256:1", false), ("127.0.0.1.:1", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.isLoopback == isLoopback)
        // Without TLS the server does not even begin beyond it.
        let settings = try testSettings(text)
        if isLoopback {
            _ = try FleetHTTPServer(settings, answers: SampleFleet())
        } else {
            let fault = #expect(throws: HTTPSettingsFault.self) {
                try FleetHTTPServer(settings, answers: SampleFleet())
            }
            #expect(fault?.message.contains("TLS") == true)
        }
    }

    @Test("a port that is taken is told")
    func takenPort() async throws {
        try await withTestServer { server in
            let settings = try testSettings("127.0.0.1:\(server.port)")
            let second = try FleetHTTPServer(settings, answers: SampleFleet())
            let fault = await #expect(throws: HTTPSettingsFault.self) { try await second.run() }
            #expect(fault?.message.contains("127.0.0.1:\(server.port)") == true)
        }
    }

    @Test("a name that leads nowhere is told, and nobody is called listening")
    func unknownName() async throws {
        try await withTemporaryFolder { folder in
            let identity = try TestAuthority(in: folder).issue("server", names: "DNS:nowhere")
            let settings = try testSettings("nowhere.invalid:0") {
                $0.tls = .init(certificate: identity.certificate.path, key: identity.key.path)
            }
            let server = try FleetHTTPServer(settings, answers: SampleFleet()) { _ in
                Issue.record("it listens")
            }
            let fault = await #expect(throws: HTTPSettingsFault.self) { try await server.run() }
            #expect(fault?.message.contains("nowhere.invalid:0") == true)
        }
    }

    @Test("with a certificate it is https, and the cookie is for https alone")
    func tls() async throws {
        try await withTemporaryFolder { folder in
            let authority = try TestAuthority(in: folder)
            let identity = try authority.issue("server", names: "DNS:localhost,IP:127.0.0.1")
            let settings = try testSettings {
                $0.tls = .init(certificate: identity.certificate.path, key: identity.key.path)
            }
            try await withTestServer(settings) { server in
                func ask(_ request: String, _ options: [String] = []) async throws -> String {
                    let arguments =
                        [
                            "s_client", "-quiet", "-connect", "127.0.0.1:\(server.port)",
                            "-CAfile", authority.certificate.path, "-verify_return_error",
                            "-verify_hostname", "localhost",
                        ] + options
                    return try await onThread {
                        String(
                            decoding: try run("openssl", arguments, input: Data(request.utf8)),
                            as: UTF8.self)
                    }
                }
                let health = try await ask(
                    "GET /healthz HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n")
                #expect(health.hasPrefix("HTTP/1.1 200"))
                let body = "token=\(TestServer.token)"
                let login = try await ask(
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(login.contains("et-"))
                #expect(login.contains("__Host-flotilla_session="))
                #expect(login.contains("SameSite=Strict; Secure"))
                await #expect(throws: CommandFailure.self) {
                    try await ask("", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
                }
                // Nothing is told to who does not speak TLS.
                let port = server.port
                let plain = try await onThread {
                    let connection = try RawConnection(port: port)
                    connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return String(decoding: try connection.receiveAll(), as: UTF8.self)
                }
                #expect(!plain.contains("version"))
            }
        }
    }

    @Test("a certificate and a key that do not belong together are found at once")
    func wrongKey() throws {
        try withTemporaryFolder { folder in
            let authority = try TestAuthority(in: folder)
            let one = try authority.issue("one", names: "DNS:localhost")
            let other = try authority.issue("other", names: "DNS:localhost")
            for (certificate, key) in [
                (one.certificate.path, other.key.path), (one.certificate.path, "/nonexistent"),
                (one.key.path, one.key.path),
            ] {
                let settings = try testSettings {
                    $0.tls = .init(certificate: certificate, key: key)
                }
                let fault = #expect(throws: HTTPSettingsFault.self) {
                    try FleetHTTPServer(settings, answers: SampleFleet())
                }
                // What looks without a server says the same.
                let told = #expect(throws: HTTPSettingsFault.self) { try settings.tls?.check() }
                #expect(told == fault)
            }
            let good = HTTPSettings.TLSFiles(
                certificate: one.certificate.path, key: one.key.path)
            #expect(throws: Never.self) { try good.check() }
        }
    }
}
