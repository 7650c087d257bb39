import Digests
import ReleaseTrust
import Signatures
import TestSupport
import Testing

@Suite struct LibcryptoSignaturesTests {
    private let libcrypto = LibcryptoSignatures()

    /// RFC 8032, section 7.1, test 3.
    private let key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    private let message = "af82"
    private let signature =
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"

    @Test("the signature of RFC 8032 is valid, and no change of one bit is")
    func ed25519() throws {
        let key = try #require(Hex.decode(key))
        let message = try #require(Hex.decode(message))
        let signature = try #require(Hex.decode(signature))
        #expect(libcrypto.isValid(signature, over: message, by: .ed25519(key)))
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!libcrypto.isValid(changed, over: message, by: .ed25519(key)))
        }
        #expect(!libcrypto.isValid(signature, over: message + [0], by: .ed25519(key)))
        #expect(!libcrypto.isValid(signature + [0], over: message, by: .ed25519(key)))
        #expect(!libcrypto.isValid(signature.dropLast(), over: message, by: .ed25519(key)))
        #expect(!libcrypto.isValid([], over: message, by: .ed25519(key)))
        #expect(!libcrypto.isValid(signature, over: message, by: .ed25519(key.dropLast())))
        #expect(!libcrypto.isValid(signature, over: message, by: .ed25519([])))
    }

    @Test("the digests of FIPS 180-4 come out")
    func digests() {
        let sha512 = Hex.encode(libcrypto.digest(.sha512, of: Array("abc".utf8)))
        #expect(sha512.hasPrefix("ddaf35a193617abacc417349ae204131"))
        #expect(sha512.hasSuffix("2a9ac94fa54ca49f"))
        let empty = Hex.encode(libcrypto.digest(.sha256, of: []))
        #expect(empty == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("our own SHA-256 is libcrypto's, whole and in pieces, at every length around a block")
    func sameAsOurs() {
        var generator = SeededGenerator(seed: 5)
        let lengths =
            Array(0...300) + (0..<50).map { _ in Int.random(in: 0...20_000, using: &generator) }
        for length in lengths {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let ours = SHA256.hash(bytes)
            #expect(ours.bytes == libcrypto.digest(.sha256, of: bytes))

            let cut = Int.random(in: 0...length, using: &generator)
            var pieces = SHA256()
            pieces.update(bytes[..<cut])
            pieces.update(bytes[cut...])
            #expect(pieces.finalize() == ours)
        }
    }
}
