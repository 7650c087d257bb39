import Foundation
import TestSupport
import Testing

@testable import GitStore

@Suite struct KnownHostsTests {
    /// `ssh-ed25519` and 32 bytes, as a server shows it.
    private func key(_ fill: UInt8) -> [UInt8] {
        [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32]
            + [UInt8](repeating: fill, count: 32)
    }

    private func objection(_ lines: String, host: String = "git.example.org", port: Int = 22)
        throws -> String?
    {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("known_hosts")
            let right = Data(key(1)).base64EncodedString()
            let wrong = Data(key(2)).base64EncodedString()
            let text = lines.replacingOccurrences(of: "RIGHT", with: "ssh-ed25519 \(right)")
                .replacingOccurrences(of: "WRONG", with: "ssh-ed25519 \(wrong)")
            try Data(text.utf8).write(to: file)
            return try KnownHosts(file: file.path)
                .objection(to: key(1), of: host, port: port)
        }
    }

    @Test("A pinned key is fine, also among other names, keys and comments")
    func pinned() throws {
        #expect(try objection("# mine\n\nother WRONG\nfoo,git.example.org RIGHT me@here\n") == nil)
        #expect(try objection("git.example.org WRONG\ngit.example.org RIGHT\n") == nil)
        #expect(try objection("[git.example.org]:2222 RIGHT\n", port: 2222) == nil)
    }

    @Test("Another key, another name, another port and a revoked key are refused")
    func refused() throws {
        #expect(try objection("git.example.org WRONG\n")?.contains("not one of those") == true)
        #expect(try objection("example.org RIGHT\n")?.contains("is not in") == true)
        #expect(try objection("git.example.org RIGHT\n", port: 2222) != nil)
        let revoked = try objection("git.example.org RIGHT\n@revoked git.example.org RIGHT\n")
        #expect(revoked?.contains("revoked") == true)
    }

    @Test("Hashed names, patterns and authorities match nothing, and the refusal says so")
    func unsupported() throws {
        for line in ["|1|abc=|def= RIGHT", "*.example.org RIGHT", "@cert-authority * RIGHT"] {
            #expect(try objection(line)?.contains("are not read") == true)
        }
    }
}
