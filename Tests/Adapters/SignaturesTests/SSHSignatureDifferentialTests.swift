import Digests
import Documents
import FleetModel
import Foundation
import ReleaseTrust
import Signatures
import TestSupport
import Testing

/// Our verdict against that of `ssh-keygen -Y verify`, on good and broken files.
@Suite struct SSHSignatureDifferentialTests {
    /// One signed message and who is asked.
    private struct Case {
        var armored: [UInt8]
        var message: [UInt8]
        var namespace = "git"
    }

    private let time: Int64 = 1_700_000_000
    private let timeText = "20231114221320"

    private func ours(_ one: Case, _ signers: AllowedSigners) -> Bool {
        guard let signature = try? SSHSignature(armored: one.armored) else { return false }
        let signer = try? signers.verify(
            signature, over: one.message, namespace: one.namespace, at: Instant(seconds: time),
            checking: LibcryptoSignatures())
        return signer != nil
    }

    private func theirs(_ one: Case, signersFile: URL, in folder: URL) throws -> Bool {
        let file = folder.appendingPathComponent("signature")
        try Data(one.armored).write(to: file)
        let result = try runChild(
            [
                "ssh-keygen", "-Y", "verify", "-f", signersFile.path, "-I", "alice", "-n",
                one.namespace, "-s", file.path, "-Overify-time=\(timeText)",
            ], in: folder, environment: ["TZ": "UTC"], input: one.message)
        return result.status == 0
    }

    private func sign(_ message: [UInt8], key: TestKey, hash: String, in folder: URL) throws -> Case
    {
        let result = try runChild(
            ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", key.path, "-O", "hashalg=\(hash)"],
            in: folder, input: message)
        try #require(result.status == 0, "\(result.complaint)")
        return Case(armored: result.output, message: message)
    }

    private func blob(of armored: [UInt8]) throws -> [UInt8] {
        let lines = String(decoding: armored, as: UTF8.self).split(separator: "\n")
        return try #require(Base64.decode(Array(lines.dropFirst().dropLast().joined().utf8)))
    }

    private func armored(_ blob: [UInt8]) -> [UInt8] {
        Array(
            "-----BEGIN SSH SIGNATURE-----\n\(Base64.encode(blob))\n-----END SSH SIGNATURE-----\n"
                .utf8)
    }

    /// One way to break, or not to break, a good case.
    private func variant(
        of good: Case, _ generator: inout SeededGenerator
    ) throws -> Case {
        var one = good
        var blob = try blob(of: good.armored)
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: one.armored = mutated(good.armored, using: &generator)
        case 1:
            let bit = Int.random(in: 0..<blob.count * 8, using: &generator)
            blob[bit / 8] ^= 1 << UInt8(bit % 8)
            one.armored = armored(blob)
        case 2: one.armored = armored(Array(mutated(blob, using: &generator)))
        case 3:
            one.message = mutated(good.message, using: &generator)
        case 4:
            one.namespace = ["git", "file", "gi", "git2"].randomElement(using: &generator) ?? "git"
        case 5:
            // Armor that is laid out in another way says the same.
            let at = Int.random(in: 29..<good.armored.count - 27, using: &generator)
            let blank = Array(" \t\n\r\u{b}".utf8).randomElement(using: &generator) ?? 0x20
            one.armored.insert(blank, at: at)
        default:
            one.armored += Array("and more\n".utf8)
        }
        return one
    }

    @Test("the verdict about a signature is that of ssh-keygen, on hundreds of generated files")
    func verdicts() throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("alice", in: folder)
            let stranger = try TestKey("mallory", in: folder)
            let signersFile = folder.appendingPathComponent("allowed")
            let text = "alice namespaces=\"git,file\" \(key.publicText)\n"
            try Data(text.utf8).write(to: signersFile)
            let signers = try AllowedSigners(text: text, file: "allowed")

            var generator = SeededGenerator(seed: 6)
            var goods: [Case] = []
            for hash in ["sha256", "sha512"] {
                goods.append(try sign(Array("a commit\n".utf8), key: key, hash: hash, in: folder))
                goods.append(try sign([], key: key, hash: hash, in: folder))
            }
            goods.append(try sign(Array("x".utf8), key: stranger, hash: "sha512", in: folder))
            var cases = goods
            for _ in 0..<600 {
                let good = try #require(goods.randomElement(using: &generator))
                cases.append(try variant(of: good, &generator))
            }
            var acceptedCount = 0
            for one in cases {
                let mine = ours(one, signers)
                if mine { acceptedCount += 1 }
                let other = try theirs(one, signersFile: signersFile, in: folder)
                #expect(
                    mine == other,
                    "\(String(decoding: one.armored, as: UTF8.self)) over \(one.message)")
            }
            #expect(acceptedCount > 20 && acceptedCount < cases.count - 20)
            print(
                "differential: \(cases.count) signatures, \(acceptedCount) accepted by both, "
                    + "the rest refused by both")
        }
    }

    @Test("the options of allowed signers mean what they mean to ssh-keygen")
    func options() throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("alice", in: folder)
            let good = try sign(Array("m".utf8), key: key, hash: "sha512", in: folder)
            let options = [
                "", "namespaces=\"git\" ", "namespaces=\"file\" ", "namespaces=\"g*,f\" ",
                "NAMESPACES=\"git\" ", "namespaces=\"*,!git\" ", "namespaces=\"!file,g?t\" ",
                "valid-after=\"20231114\" ", "valid-after=\"20231115\" ",
                "valid-after=\"20231114221320\" ", "valid-after=\"20231114221321\" ",
                "valid-before=\"20231114\" ", "valid-before=\"20231115\" ",
                "valid-before=\"20231114221320\" ", "valid-before=\"20231114221319\" ",
                "valid-before=\"202311142213\" ", "valid-before=\"202311142214\" ",
                "valid-after=\"20230101\",valid-before=\"20240101\",namespaces=\"git\" ",
                "valid-after=\"20240101\",valid-before=\"20230101\" ", "valid-after=\"2023\" ",
                "namespaces=git ", "namespaces=\"git ", "namespaces=\"git\",namespaces=\"git\" ",
                "valid-after=\"yesterday\" ", "namespaces=\"git\",, ", "unknown ",
            ]
            for option in options {
                let text = "alice \(option)\(key.publicText)\n"
                let signersFile = folder.appendingPathComponent("allowed")
                try Data(text.utf8).write(to: signersFile)
                let signers = try? AllowedSigners(text: text, file: "allowed")
                let mine = signers.map { ours(good, $0) } ?? false
                let other = try theirs(good, signersFile: signersFile, in: folder)
                #expect(mine == other, "`\(option)`: ours \(mine), ssh-keygen \(other)")
            }
            print("differential: \(options.count) option lists, one verdict")
        }
    }

    @Test("a signature with the group's order added to its second half is not a second signature")
    func malleable() throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("alice", in: folder)
            let text = "alice \(key.publicText)\n"
            let signersFile = folder.appendingPathComponent("allowed")
            try Data(text.utf8).write(to: signersFile)
            let good = try sign(Array("m".utf8), key: key, hash: "sha512", in: folder)
            var blob = try blob(of: good.armored)
            let order =
                try #require(
                    Hex.decode("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"))
            var carry = 0
            for (index, byte) in order.reversed().enumerated() {
                let sum = Int(blob[blob.count - 32 + index]) + Int(byte) + carry
                blob[blob.count - 32 + index] = UInt8(sum & 255)
                carry = sum >> 8
            }
            let twin = Case(armored: armored(blob), message: good.message)
            let signers = try AllowedSigners(text: text, file: "allowed")
            #expect(ours(good, signers))
            #expect(!ours(twin, signers))
            // RFC 8032 refuses it; OpenSSH may or may not, so its verdict is only told.
            let theirs = try theirs(twin, signersFile: signersFile, in: folder)
            print("differential: ssh-keygen \(theirs ? "accepts" : "refuses") the malleable twin")
        }
    }
}
