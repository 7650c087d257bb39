internal import COpenSSL
package import Digests

/// The SHA-256 of bytes that come in pieces. Ten times as fast as `Digests.SHA256`, by the
/// processor's own instructions, and its oracle in tests.
///
/// By libcrypto's oldest interface: it needs no allocation, and libcrypto need not be started for it,
/// which would cost a short-lived worker more than all that it hashes.
@safe
package struct StreamedSHA256 {
    private var context = SHA256_CTX()

    package init() {
        guard unsafe flotilla_sha256_init(&context) == 1 else {
            fatalError("libcrypto can't begin a SHA-256")
        }
    }

    package mutating func update(_ bytes: [UInt8]) { update(bytes[...]) }

    package mutating func update(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard unsafe flotilla_sha256_update(&context, bytes.baseAddress, bytes.count) == 1 else {
            fatalError("libcrypto can't go on with a SHA-256")
        }
    }

    /// Ends it. The hasher must not be used afterwards.
    package mutating func finalize() -> ContentDigest {
        var bytes = [UInt8](repeating: 0, count: 32)
        guard unsafe flotilla_sha256_final(&bytes, &context) == 1,
            let digest = ContentDigest(bytes: bytes)
        else { fatalError("libcrypto can't end a SHA-256") }
        return digest
    }

    package static func hash(_ bytes: [UInt8]) -> ContentDigest {
        var hasher = StreamedSHA256()
        hasher.update(bytes)
        return hasher.finalize()
    }
}
