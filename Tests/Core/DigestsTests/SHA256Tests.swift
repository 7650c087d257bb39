import Digests
import Foundation
import TestSupport
import Testing

@Suite struct SHA256Tests {
    @Test(
        "the examples of FIPS 180-4 have the digests that NIST published",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func publishedExamples(message: String, digest: String) {
        #expect(SHA256.hash(message.utf8).description == digest)
    }

    @Test("one million times `a`, given in uneven pieces, has the digest that NIST published")
    func oneMillion() {
        var hasher = SHA256()
        var left = 1_000_000
        var piece = 1
        while left > 0 {
            hasher.update(repeatElement(UInt8(ascii: "a"), count: min(piece, left)))
            left -= piece
            piece = piece * 3 % 4_099 + 1
        }
        #expect(
            hasher.finalize().description
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("for every length from 0 to 200 the digest is the one of sha256sum")
    func everyPadding() throws {
        try withTemporaryFolder { folder in
            let lengths = 0...200
            for length in lengths {
                let name = String(format: "%03d", length)
                try Data(message(length)).write(to: folder.appendingPathComponent(name))
            }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
            process.currentDirectoryURL = folder
            process.arguments = lengths.map { String(format: "%03d", $0) }
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = String(
                decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            let expected = lengths.map {
                "\(SHA256.hash(message($0)))  \(String(format: "%03d", $0))\n"
            }
            #expect(text == expected.joined())
        }
    }

    private func message(_ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ length) }
    }
}

@Suite struct ContentDigestTests {
    @Test("a digest is written in lower case, read in both cases, and survives as bytes")
    func notation() throws {
        let digest = SHA256.hash("flotilla".utf8)
        #expect(ContentDigest(digest.description) == digest)
        #expect(ContentDigest(digest.description.uppercased()) == digest)
        #expect(ContentDigest(bytes: digest.bytes) == digest)
        #expect(digest.description == digest.description.lowercased())
    }

    @Test(
        "what is not 64 hexadecimal digits is no digest",
        arguments: [
            "", "ab", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
            String(repeating: "g", count: 64), String(repeating: "é", count: 32),
            " " + String(repeating: "a", count: 63),
        ])
    func wrongNotation(text: String) {
        #expect(ContentDigest(text) == nil)
    }

    @Test("digests are in the order of their text")
    func order() {
        let digests = (0..<50).map { SHA256.hash("\($0)".utf8) }
        #expect(digests.sorted().map(\.description) == digests.map(\.description).sorted())
    }
}
