import Foundation
import HealthProbes
import TestSupport
import Testing

/// Against OpenSSL's own server, with certificates made for the occasion.
@Suite struct SecureProbeTests {
    @Test("https passes with a certificate of a known authority for this name or address")
    func trusted() throws {
        try withSecureServer { server, authority in
            for host in ["localhost", "127.0.0.1"] {
                let result = http(
                    url: "https://\(host):\(server)/", contains: "Ciphers supported",
                    authoritiesFile: authority)
                #expect(result.passed, "\(result.detail)")
            }
        }
    }

    @Test("a certificate of an unknown authority, or for another name, is refused")
    func untrusted() throws {
        try withSecureServer(names: "DNS:elsewhere.example") { server, authority in
            let unknown = http(url: "https://127.0.0.1:\(server)/")
            #expect(!unknown.passed && unknown.detail.contains("certificate is refused"))
            for host in ["localhost", "127.0.0.1"] {
                let wrong = http(
                    url: "https://\(host):\(server)/", authoritiesFile: authority)
                #expect(!wrong.passed)
                #expect(wrong.detail.contains("mismatch"), "\(wrong.detail)")
            }
        }
    }

    @Test("a server that speaks no TLS, hangs up or hangs fails the check in time")
    func noTLS() throws {
        let plain = try SocketServer(answering: "HTTP/1.1 400 Bad Request\r\n\r\n")
        let hangsUp = try SocketServer { _ in }
        let hangs = try SocketServer { $0.waitUntilClosed() }
        let talks = try SocketServer { connection in
            _ = connection.send("HTTP/1.1 200 OK\r\n\r\n".utf8)
            connection.waitUntilClosed()
        }
        for server in [plain, hangsUp, hangs, talks] {
            let (result, time) = measured {
                server.serving { port in
                    http(url: "https://127.0.0.1:\(port)/", timeout: .milliseconds(500))
                }
            }
            #expect(!result.passed && !result.detail.isEmpty)
            #expect(time < .seconds(10))
        }
        let missing = http(
            url: "https://127.0.0.1:\(plain.port)/", authoritiesFile: "/nonexistent.pem")
        #expect(!missing.passed && missing.detail.contains("/nonexistent.pem"))
    }

    /// Runs `openssl s_server` on a free port; the closure gets the port and its authority's file.
    private func withSecureServer(
        names: String = "DNS:localhost,IP:127.0.0.1",
        _ body: (_ port: Int, _ authority: String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let certificate = folder.appendingPathComponent("certificate.pem").path
            let key = folder.appendingPathComponent("key.pem").path
            let maker = try openSSL([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
                "subjectAltName=\(names)", "-keyout", key, "-out", certificate,
            ])
            maker.process.waitUntilExit()
            try #require(maker.process.terminationStatus == 0)
            let server = try openSSL([
                "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key,
            ])
            defer {
                // Foundation starts children of a task with SIGTERM blocked.
                kill(server.process.processIdentifier, SIGKILL)
                server.process.waitUntilExit()
            }
            // ACCEPT 127.0.0.1:40123
            var line = ""
            while !line.hasPrefix("ACCEPT ") { line = try #require(try readLine(server.output)) }
            let port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
            try body(port, certificate)
        }
    }

    private func openSSL(_ arguments: [String]) throws -> (process: Process, output: FileHandle) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, output.fileHandleForReading)
    }

    private func readLine(_ handle: FileHandle) throws -> String? {
        var line: [UInt8] = []
        while let byte = try handle.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
