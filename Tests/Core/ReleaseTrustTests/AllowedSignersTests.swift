import Documents
import FleetModel
import ReleaseTrust
import TestSupport
import Testing

private let blobA = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
private let keyA = "ssh-ed25519 \(blobA)"
private let keyB =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER"

private func parse(_ text: String) throws -> AllowedSigners {
    try AllowedSigners(text: text, file: "trust/allowed_signers")
}

@Suite struct AllowedSignersTests {
    @Test("principals, options and keys are read; comments and empty lines are skipped")
    func read() throws {
        let signers = try parse(
            """
            # who may release
            alice@example.org \(keyA) alice's laptop

            \tbob  namespaces="git,flotilla-*",VALID-AFTER="20240229",valid-before="202601010000Z" \(keyB)
            """)
        #expect(signers.signers.map(\.principal) == ["alice@example.org", "bob"])
        #expect(signers.signers.map(\.line) == [2, 4])
        let bob = signers.signers[1]
        #expect(bob.namespaces?.text == "git,flotilla-*")
        #expect(bob.validAfter?.description == "2024-02-29T00:00:00Z")
        #expect(bob.validBefore?.description == "2026-01-01T00:00:00Z")
        #expect(signers.signers[0].namespaces == nil)
    }

    @Test(
        "a faulty line is refused with its number",
        arguments: [
            ("alice,bob \(keyA)", "not one literal principal"),
            ("*@example.org \(keyA)", "not one literal principal"),
            ("!alice \(keyA)", "not one literal principal"),
            ("\"alice\" \(keyA)", "not one literal principal"),
            ("alice cert-authority \(keyA)", "certificate authorities"),
            ("alice no-touch-required \(keyA)", "neither an option nor a kind"),
            ("alice namespaces=git \(keyA)", "in quotes"),
            ("alice namespaces=\"git \(keyA)", "not closed"),
            ("alice namespaces=\"\" \(keyA)", "in quotes"),
            ("alice namespaces=\"git\",namespaces=\"file\" \(keyA)", "twice"),
            ("alice namespaces=\"git\"x \(keyA)", "something else than a comma"),
            ("alice namespaces=\"git\", \(keyA)", "neither an option"),
            ("alice valid-after=\"20230229\" \(keyA)", "not a time"),
            ("alice valid-after=\"2023\" \(keyA)", "not a time"),
            ("alice valid-after=\"20250101\",valid-before=\"20240101\" \(keyA)", "never valid"),
            ("alice", "ends before its key"),
            ("alice ssh-ed25519", "the key"),
            ("alice ssh-dss AAAAB3NzaC1kc3M=", "neither an option nor a kind"),
            ("alice ssh-ed25519 AAAA!", "not valid Base64"),
            ("alice ssh-rsa \(blobA)", "is of the kind `ssh-ed25519`, not `ssh-rsa`"),
            ("alice ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAgAA", "32 bytes"),
            ("alice \(keyA)\r", "control character"),
            ("bob \(keyB)", "already stands in line 1"),
        ])
    func refused(line: String, reason: String) throws {
        let error = #expect(throws: InvalidDocument.self) { try parse("first \(keyB)\n\(line)\n") }
        let diagnostic = try #require(error?.diagnostics.first)
        #expect(error?.diagnostics.count == 1)
        #expect(diagnostic.position?.line == 2)
        #expect(diagnostic.message.contains(reason), "\(diagnostic.message)")
        #expect(!diagnostic.fix.isEmpty)
    }

    @Test("every faulty line is reported, not only the first")
    func allFaults() {
        let error = #expect(throws: InvalidDocument.self) { try parse("a,b \(keyA)\n\n* \(keyB)") }
        #expect(error?.diagnostics.map(\.position?.line) == [1, 3])
    }

    @Test(
        "namespace patterns match as in OpenSSH",
        arguments: [
            ("git", "git", true), ("git", "gi", false), ("git,file", "file", true),
            ("*", "git", true), ("g*t", "git", true), ("g?t", "git", true), ("g??t", "git", false),
            ("*,!git", "git", false), ("!git,*", "git", false), ("!git", "file", false),
            ("f*-*e", "flotilla-release", true), ("", "git", false), ("Git", "git", false),
        ])
    func patterns(text: String, namespace: String, admitted: Bool) {
        #expect(NamespacePatterns(text).admit(namespace) == admitted)
    }

    @Test("a pattern with many stars does not take exponential time")
    func slowPattern() {
        let pattern = String(repeating: "*a", count: 2_000) + "b"
        #expect(!NamespacePatterns(pattern).admit(String(repeating: "a", count: 4_000)))
    }

    @Test("a key is valid from valid-after to valid-before, both included")
    func validity() throws {
        let line = "alice valid-after=\"20240101\",valid-before=\"20240102000001\" \(keyA)"
        let signer = try parse(line).signers[0]
        let start: Int64 = 1_704_067_200
        #expect(!signer.isValid(at: Instant(seconds: start - 1)))
        #expect(signer.isValid(at: Instant(seconds: start)))
        #expect(signer.isValid(at: Instant(seconds: start + 86_401)))
        #expect(!signer.isValid(at: Instant(seconds: start + 86_402)))
    }

    @Test("a year beyond what an instant holds means for ever")
    func farFuture() throws {
        let signer = try parse("alice valid-before=\"99991231Z\" \(keyA)").signers[0]
        #expect(signer.isValid(at: Instant(nanoseconds: .max)))
    }

    @Test("two keys of one person count as one person")
    func people() throws {
        let signers = try parse("alice \(keyA)\nalice \(keyB)\n")
        #expect(signers.people(namespace: "git", at: Instant(seconds: 0)) == ["alice"])
    }

    @Test("no mutation of a file crashes the reader")
    func fuzz() {
        let text = "alice \(keyA) c\nbob namespaces=\"git\",valid-before=\"20260101Z\" \(keyB)\n"
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<5_000 {
            let bytes = mutated(Array(text.utf8), using: &generator)
            _ = try? parse(String(decoding: bytes, as: UTF8.self))
        }
    }
}
