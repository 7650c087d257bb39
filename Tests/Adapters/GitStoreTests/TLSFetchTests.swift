import FleetModel
import Foundation
import GitStore
import NetworkStreams
import TestSupport
import Testing

@Suite struct TLSFetchTests {
    /// A server whose certificate has `names`, and a request that believes its authority.
    private func withTLSServer(
        names: String = "IP:127.0.0.1,DNS:localhost", wantsClientCertificate: Bool = false,
        _ body: (StoreFixture, GitServer, TestAuthority, FetchRequest) throws -> Void
    ) throws {
        try withStore { fixture in
            let authority = try TestAuthority(in: fixture.folder.appendingPathComponent("ca"))
            let identity = try authority.issue("server", names: names)
            let tls = GitServer.TLS(
                identity, clientAuthority: wantsClientCertificate ? authority : nil)
            try fixture.commitSomething()
            try withGitServer(serving: fixture.served, tls: tls) { server in
                var request = fixture.request(server.url(StoreFixture.servedName))
                request.tls.authoritiesFile = authority.certificate.path
                try body(fixture, server, authority, request)
            }
        }
    }

    private func refusal(_ fixture: StoreFixture, _ request: FetchRequest) -> GitError? {
        #expect(throws: GitError.self) {
            try Fetcher(incoming: fixture.incoming(), borrowingFrom: nil).fetch(request)
        }
    }

    @Test("A server is believed by name and by address, when the authority is ours")
    func believedServer() throws {
        try withTLSServer { fixture, server, _, request in
            #expect(try fixture.fetchAndImport(request).objects == 5)
            var byName = request
            byName.url = server.url(StoreFixture.servedName, host: "localhost")
            _ = try fixture.fetchAndImport(byName)
        }
    }

    @Test("A certificate of an unknown authority is refused, and the first error is what is told")
    func unknownAuthority() throws {
        try withTLSServer { fixture, _, _, request in
            let stranger = try TestAuthority(in: fixture.folder.appendingPathComponent("other"))
            var wrong = request
            wrong.tls.authoritiesFile = stranger.certificate.path
            let error = refusal(fixture, wrong)
            #expect(error?.code == .certificate)
            #expect(error?.message.contains("authority") == true)
            wrong.tls.authoritiesFile = nil
            #expect(refusal(fixture, wrong)?.code == .certificate)
        }
    }

    @Test("A certificate for another name or only for a name is refused")
    func wrongName() throws {
        try withTLSServer(names: "DNS:git.example.org,DNS:localhost") {
            fixture, server, _, request in
            let error = refusal(fixture, request)
            #expect(error?.code == .certificate)
            #expect(error?.message.contains("127.0.0.1") == true)
        }
        try withTLSServer(names: "IP:127.0.0.1,DNS:*.example.org") { fixture, server, _, request in
            var byName = request
            byName.url = server.url(StoreFixture.servedName, host: "localhost")
            #expect(refusal(fixture, byName)?.code == .certificate)
        }
    }

    @Test("A certificate is judged at the known time where the clock is behind it")
    func knownTime() throws {
        try withTLSServer { fixture, _, _, request in
            var later = request
            later.tls.notBefore = Instant(seconds: 4_000_000_000)
            let error = refusal(fixture, later)
            #expect(error?.code == .certificate)
            #expect(error?.message.contains("expired") == true)
            var earlier = request
            earlier.tls.notBefore = Instant(seconds: 1)
            _ = try fixture.fetchAndImport(earlier)
        }
    }

    @Test("A server that wants a client certificate gets ours, and refuses us without one")
    func clientCertificate() throws {
        try withTLSServer(wantsClientCertificate: true) { fixture, _, authority, request in
            let error = refusal(fixture, request)
            #expect(error?.code == .authentication, "\(String(describing: error))")
            let identity = try authority.issue("device-1", names: "DNS:device-1")
            var mine = request
            mine.tls.certificateFile = identity.certificate.path
            #expect(refusal(fixture, mine)?.code == .authentication)
            mine.tls.keyFile = identity.key.path
            let result = try fixture.fetchAndImport(mine)
            #expect(result.objects == 5)
        }
    }

    @Test("A key with a passphrase is an error")
    func keyWithPassphrase() throws {
        try withTLSServer { fixture, _, authority, request in
            let identity = try authority.issue("device-1", names: "DNS:device-1")
            let locked = fixture.folder.appendingPathComponent("locked.key").path
            try run(
                "openssl",
                ["pkey", "-in", identity.key.path, "-aes256", "-passout", "pass:x"]
                    + ["-out", locked])
            var mine = request
            mine.tls.certificateFile = identity.certificate.path
            mine.tls.keyFile = locked
            #expect(refusal(fixture, mine)?.code == .authentication)
        }
    }

    @Test("A file of authorities that is not there is told by its name")
    func missingAuthorities() throws {
        try withTLSServer { fixture, _, _, request in
            var wrong = request
            wrong.tls.authoritiesFile = "/nonexistent/ca.pem"
            #expect(refusal(fixture, wrong)?.message.contains("/nonexistent/ca.pem") == true)
        }
    }

    @Test("The right password opens a protected repository, a wrong one is tried once")
    func password() throws {
        try withTLSServer { fixture, server, _, request in
            var mine = request
            mine.url = server.protectedURL(StoreFixture.servedName)
            #expect(refusal(fixture, mine)?.code == .authentication)
            mine.password = HTTPPassword(user: "robot", password: "wrong")
            let error = refusal(fixture, mine)
            #expect(error?.code == .authentication)
            #expect(error?.description.contains("wrong") == false)
            mine.password = HTTPPassword(user: "robot", password: "secret")
            let result = try fixture.fetchAndImport(mine)
            #expect(result.objects == 5)
        }
    }
}
