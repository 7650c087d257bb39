import FleetModel
import Foundation
import ReleaseTrust
import Signatures
import TestSupport
import Testing

@Suite struct SigningKeyTests {
    @Test("a key of openssl is read, signs what ssh-keygen accepts, and is written as it was read")
    func openssl() throws {
        try withTemporaryFolder { folder in
            let pem = Array(try run("openssl", ["genpkey", "-algorithm", "ed25519"], in: folder))
            let key = try SigningKey(pemFile: pem)
            #expect(key.pem == pem)
            let allowed = folder.appendingPathComponent("allowed")
            try Data("device \(key.publicKey.text)\n".utf8).write(to: allowed)
            let file = folder.appendingPathComponent("signature")
            for count in [0, 1, 63, 64, 65, 40_000] {
                let message = [UInt8](repeating: 0x61, count: count)
                let armored = key.sign(message, namespace: "flotilla-report")
                try Data(armored).write(to: file)
                let result = try runChild(
                    [
                        "ssh-keygen", "-Y", "verify", "-f", allowed.path, "-I", "device", "-n",
                        "flotilla-report", "-s", file.path,
                    ], in: folder, input: message)
                #expect(result.status == 0, "\(result.complaint)")
                let signature = try SSHSignature(armored: armored)
                #expect(signature.isValid(over: message, checking: LibcryptoSignatures()))
                #expect(signature.armored == armored)
                #expect(try SSHSignature(blob: signature.blob) == signature)
            }
        }
    }

    @Test("the armor is exactly the one that ssh-keygen makes")
    func sameArmor() throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("alice", in: folder)
            let made = try runChild(
                ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", key.path], in: folder,
                input: Array("message".utf8))
            try #require(made.status == 0)
            #expect(try SSHSignature(armored: made.output).armored == made.output)
        }
    }

    @Test("a new key differs from every other, and is read from what it writes")
    func generated() throws {
        let (one, other) = (SigningKey.generate(), SigningKey.generate())
        #expect(one.publicKey != other.publicKey)
        #expect(try SigningKey(pemFile: one.pem).publicKey == one.publicKey)
    }

    @Test("a key of another kind, with a passphrase, or damaged is refused")
    func refused() throws {
        try withTemporaryFolder { folder in
            for arguments in [
                ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
                ["genpkey", "-algorithm", "ed448"],
                ["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret"],
            ] {
                let pem = Array(try run("openssl", arguments, in: folder))
                #expect(throws: MalformedInput.self) { try SigningKey(pemFile: pem) }
            }
            let good = SigningKey.generate().pem
            for bytes in [[], Array("nonsense".utf8), Array(good.prefix(60)), [0, 0, 0]] {
                #expect(throws: MalformedInput.self) { try SigningKey(pemFile: bytes) }
            }
            var generator = SeededGenerator(seed: 46)
            for _ in 0..<300 { _ = try? SigningKey(pemFile: mutated(good, using: &generator)) }
        }
    }
}
