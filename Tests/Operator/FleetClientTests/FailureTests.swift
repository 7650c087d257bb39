import FleetClient
import FleetModel
import FleetTools
import Foundation
import TestSupport
import Testing

@Suite struct FailureTests {
    /// What asking a server fails with; it has a message and says what to do.
    private func failure(
        _ server: String, tokenFile: String? = nil, authority: String? = nil
    ) async throws -> OperatorError {
        let error = try await operatorError { () async throws(OperatorError) in
            let access = try ServerAccess(
                server: server, tokenFile: tokenFile, authorityFile: authority, environment: [:])
            _ = try await FleetServer.connected(to: access) {
                (server) async throws(OperatorError) in
                try await server.channel().channel.description
            }
        }
        #expect(!error.message.isEmpty && error.fix.hasSuffix(".") || error.fix.hasSuffix(")."))
        return error
    }

    @Test("a server that is not there, has no address, hangs up, or talks about other things")
    func strangers() async throws {
        let port = try SocketServer.unusedPort()
        let nobody = try await failure("http://127.0.0.1:\(port)")
        #expect(nobody.message == "nothing listens at http://127.0.0.1:\(port)")
        #expect(nobody.status == .environment)
        let nowhere = try await failure("http://nowhere.invalid:1")
        #expect(nowhere.message.contains("nowhere.invalid"), "\(nowhere)")
        for (answer, expected) in [
            ("", "hung up"), ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "it is no JSON"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "`channel` is missing"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "it is no JSON object"),
            ("HTTP/1.1 502 No\r\nContent-Length: 2\r\n\r\nhi", "status 502"),
            ("HTTP/1.1 302 No\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n", "status 302"),
        ] {
            let server = try SocketServer(answering: answer)
            let error = try await failure("http://127.0.0.1:\(server.port)")
            withExtendedLifetime(server) {}
            #expect(error.message.contains(expected), "\(error)")
        }
    }

    @Test("a token that is missing, wrong, or would be seen by everybody")
    func tokens() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("token").path
            let aggregator = try Aggregator(token: "right-token")
            let missing = try await failure(aggregator.url)
            #expect(missing.message.hasSuffix("wants a token"))
            try Data("wrong-token\n".utf8).write(to: URL(fileURLWithPath: file))
            let wrong = try await failure(aggregator.url, tokenFile: file)
            #expect(wrong.message.contains("does not know the token in \(file)"))
            let open = try await failure("http://example.org:8410", tokenFile: file)
            #expect(open.status == .usage && open.message.contains("for everybody to read"))
            try Data("right-token\n".utf8).write(to: URL(fileURLWithPath: file))
            let access = try aggregator.access(tokenFile: file)
            let name = try await FleetServer.connected(to: access) {
                (server) async throws(OperatorError) in
                try await server.channel().channel.description
            }
            #expect(name == "harbour/main")
            for contents in ["", "two words", "\u{1b}[0m"] {
                try Data(contents.utf8).write(to: URL(fileURLWithPath: file))
                let error = try await failure(aggregator.url, tokenFile: file)
                #expect(error.message.contains("does not hold a token"))
            }
            #expect(
                try await failure(aggregator.url, tokenFile: file + "x").message
                    .contains("can't be read"))
        }
    }

    @Test(
        "addresses that can't be meant",
        arguments: ["", "host:1", "ftp://h", "http://u:p@h", "http://h/?q"])
    func addresses(text: String) async throws {
        #expect(try await failure(text).status == .usage)
    }

    @Test("the command line goes before the environment, and this machine is meant without both")
    func settings() throws {
        let environment = ["FLOTILLA_SERVER": "https://there/", "FLOTILLA_TOKEN_FILE": ""]
        #expect(try ServerAccess(environment: environment).url == "https://there")
        #expect(
            try ServerAccess(server: "https://here", environment: environment).url
                == "https://here")
        #expect(try ServerAccess(environment: [:]).url == ServerAccess.defaultURL)
    }

    /// Serves the answer about rollouts over TLS while `body` runs.
    private func withTLSServer(
        _ identity: TestAuthority.Identity, in folder: URL,
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let files = folder.appendingPathComponent("v1")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        let answer = Samples.rollouts()
        try Data(
            "HTTP/1.0 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n\r\n\(answer)".utf8
        ).write(to: files.appendingPathComponent("rollouts"))
        let port = try LoopbackPort.free()
        let server = try ServerProcess(
            "/bin/sh",
            [
                "-c", #"cd "$0" && exec openssl s_server -HTTP -quiet "$@""#, folder.path,
                "-accept", "\(port)", "-cert", identity.certificate.path, "-key",
                identity.key.path,
            ], log: folder.appendingPathComponent("log"))
        defer { server.end() }
        #expect(try server.listens(on: port))
        try await body(port)
    }

    @Test("over TLS only the named authority and the right name are believed")
    func tls() async throws {
        try await withTemporaryFolder { folder in
            let authority = try TestAuthority(in: folder.appendingPathComponent("ca"))
            let other = try TestAuthority(in: folder.appendingPathComponent("other"))
            let file = authority.certificate.path
            let identity = try authority.issue("server", names: "IP:127.0.0.1")
            try await withTLSServer(identity, in: folder) { port in
                let url = "https://127.0.0.1:\(port)"
                let access = try ServerAccess(server: url, authorityFile: file, environment: [:])
                let name = try await FleetServer.connected(to: access) {
                    (server) async throws(OperatorError) in
                    try await server.channel().channel.description
                }
                #expect(name == "harbour/main")
                let untrusted = try await failure(url, authority: other.certificate.path)
                #expect(untrusted.message.contains("authority that is not trusted"), "\(untrusted)")
                let system = try await failure(url)
                #expect(system.fix.contains("the system's are trusted"), "\(system)")
                let noFile = try await failure(url, authority: folder.path + "/none")
                #expect(noFile.message.contains("is not a file of certificates"))
            }
            let elsewhere = try authority.issue("elsewhere", names: "DNS:elsewhere.example")
            try await withTLSServer(elsewhere, in: folder) { port in
                for host in ["127.0.0.1", "localhost"] {
                    let error = try await failure("https://\(host):\(port)", authority: file)
                    #expect(error.message.contains("for another name"), "\(error)")
                }
            }
            let plain = try SocketServer { connection in
                _ = connection.send(Array("HTTP/1.1 400 What\r\n\r\n".utf8))
            }
            let noTLS = try await failure("https://127.0.0.1:\(plain.port)")
            withExtendedLifetime(plain) {}
            #expect(noTLS.message.contains("is not the server that it should be"), "\(noTLS)")
        }
    }

    @Test("what the aggregator says no to is passed on, each with its status")
    func refusals() async throws {
        for (status, expected) in [
            (400, ExitStatus.usage), (403, .refused), (404, .refused), (409, .refused),
            (503, .environment), (500, .environment),
        ] {
            let no = Samples.error("no", "it can't be", fix: "Try.")
            let aggregator = try Aggregator(answers: [
                "/v1/rollouts": [.init(status: status, body: no)]
            ])
            let error = try await failure(aggregator.url)
            #expect(error.status == expected)
            #expect(error.message.contains("it can't be") && error.fix == "Try.")
        }
    }
}
