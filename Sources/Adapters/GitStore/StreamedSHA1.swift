internal import COpenSSL

/// The SHA-1 of bytes that come in pieces: what Git names objects by.
@safe
struct StreamedSHA1 {
    private var context = SHA_CTX()

    init() {
        guard unsafe flotilla_sha1_init(&context) == 1 else {
            fatalError("libcrypto can't begin a SHA-1")
        }
    }

    mutating func update(_ bytes: [UInt8]) {
        guard unsafe flotilla_sha1_update(&context, bytes, bytes.count) == 1 else {
            fatalError("libcrypto can't go on with a SHA-1")
        }
    }

    /// Ends it. The hasher must not be used afterwards.
    mutating func finalize() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 20)
        guard unsafe flotilla_sha1_final(&bytes, &context) == 1 else {
            fatalError("libcrypto can't end a SHA-1")
        }
        return bytes
    }
}
