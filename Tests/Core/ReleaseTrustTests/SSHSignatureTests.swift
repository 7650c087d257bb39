import Foundation
import ReleaseTrust
import TestSupport
import Testing

/// Makes one signature with `ssh-keygen -Y sign`.
func armoredSignature(
    over message: String, namespace: String = "git", options: [String] = [], key: TestKey,
    in folder: URL
) throws -> [UInt8] {
    let result = try runChild(
        ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", key.path] + options, in: folder,
        input: Array(message.utf8))
    try #require(result.status == 0, "\(result.complaint)")
    return result.output
}

@Suite struct SSHSignatureTests {
    @Test("the parts of a signature of ssh-keygen are read", arguments: ["sha256", "sha512"])
    func parts(hash: String) throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("alice", in: folder)
            let signature = try SSHSignature(
                armored: armoredSignature(
                    over: "x", namespace: "a@b", options: ["-O", "hashalg=\(hash)"], key: key,
                    in: folder))
            #expect(signature.namespace == "a@b")
            #expect(signature.hashAlgorithm.rawValue == hash)
            #expect(signature.key.text == key.publicText)
            #expect(signature.signature.count == 64)
            let listed = try runChild(["ssh-keygen", "-l", "-f", key.path], in: folder).text
            #expect(listed.split(separator: " ")[1] == signature.key.fingerprint)
        }
    }

    @Test("keys of other kinds are read, and marked as not supported")
    func otherKinds() throws {
        try withTemporaryFolder { folder in
            for kind in [["ecdsa", "-b", "384"], ["rsa", "-b", "2048"]] {
                let key = try TestKey("key-\(kind[0])", in: folder, kind: kind)
                let signature = try SSHSignature(
                    armored: armoredSignature(over: "x", key: key, in: folder))
                #expect(!signature.key.isSupported)
                #expect(signature.key.text == key.publicText)
            }
        }
    }

    @Test("an armor that is cut off at any byte is an error")
    func truncated() throws {
        try withTemporaryFolder { folder in
            let armored = try armoredSignature(
                over: "x", key: TestKey("alice", in: folder), in: folder)
            let whole = armored.count - 1  // The last line end may be missing.
            _ = try SSHSignature(armored: Array(armored.prefix(whole)))
            for count in 0..<whole {
                #expect(throws: MalformedInput.self) {
                    try SSHSignature(armored: Array(armored.prefix(count)))
                }
            }
        }
    }

    @Test("a blob that is cut off at any byte, or goes on after its end, is an error")
    func truncatedBlob() throws {
        try withTemporaryFolder { folder in
            let armored = try armoredSignature(
                over: "x", key: TestKey("alice", in: folder), in: folder)
            let lines = String(decoding: armored, as: UTF8.self).split(separator: "\n")
            let blob = try #require(
                Base64.decode(Array(lines.dropFirst().dropLast().joined().utf8)))
            _ = try SSHSignature(blob: blob)
            for count in 0..<blob.count {
                #expect(throws: MalformedInput.self) {
                    try SSHSignature(blob: Array(blob.prefix(count)))
                }
            }
            #expect(throws: MalformedInput.self) { try SSHSignature(blob: blob + [0]) }
        }
    }

    @Test("no mutation of a signature crashes the reader")
    func fuzz() throws {
        try withTemporaryFolder { folder in
            let armored = try armoredSignature(
                over: "x", key: TestKey("alice", in: folder), in: folder)
            var generator = SeededGenerator(seed: 2)
            var readable = 0
            for _ in 0..<5_000 {
                if (try? SSHSignature(armored: mutated(armored, using: &generator))) != nil {
                    readable += 1
                }
            }
            #expect(readable < 5_000)
        }
    }
}
