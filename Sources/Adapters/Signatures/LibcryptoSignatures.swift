internal import COpenSSL
package import ReleaseTrust

/// The mathematics of signatures by OpenSSL's libcrypto, which a device has loaded anyway.
package struct LibcryptoSignatures: SignatureChecking, Sendable {
    package init() {}

    package func digest(_ algorithm: SSHHashAlgorithm, of bytes: [UInt8]) -> [UInt8] {
        let method = unsafe algorithm.method
        var digest = [UInt8](repeating: 0, count: algorithm.byteCount)
        var count: UInt32 = 0
        let result = unsafe EVP_Digest(bytes, bytes.count, &digest, &count, method, nil)
        guard result == 1, Int(count) == digest.count else {
            fatalError("libcrypto can't hash \(bytes.count) bytes with \(algorithm.rawValue)")
        }
        return digest
    }

    package func isValid(_ signature: [UInt8], over message: [UInt8], by key: KeyMaterial) -> Bool {
        // A failed verification leaves its reason in the thread's error queue, where the next
        // reader of a TLS error would find it.
        defer { ERR_clear_error() }
        switch key {
        case .ed25519(let bytes):
            guard bytes.count == 32, signature.count == 64,
                let key = PublicKey(ed25519: bytes)
            else { return false }
            return key.accepts(signature, over: message)
        }
    }
}

extension SSHHashAlgorithm {
    fileprivate var method: OpaquePointer? {
        switch self {
        case .sha256: unsafe EVP_sha256()
        case .sha512: unsafe EVP_sha512()
        }
    }

    fileprivate var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }
}

/// A public key of libcrypto. Owns it: freed with this value.
@safe
private struct PublicKey: ~Copyable {
    private let handle: OpaquePointer

    init?(ed25519 bytes: [UInt8]) {
        guard
            let handle = unsafe EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, bytes, bytes.count)
        else { return nil }
        unsafe self.handle = handle
    }

    deinit { unsafe EVP_PKEY_free(handle) }

    /// Pure ed25519 hashes inside, so no hash is named. Only 1 is a yes: 0 is a wrong signature,
    /// and less is an error.
    borrowing func accepts(_ signature: [UInt8], over message: [UInt8]) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else {
            fatalError("libcrypto has no memory for a verification")
        }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, handle) == 1 else { return false }
        return unsafe EVP_DigestVerify(
            context, signature, signature.count, message, message.count) == 1
    }
}
