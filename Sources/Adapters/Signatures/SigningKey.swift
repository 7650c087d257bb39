internal import COpenSSL
package import ReleaseTrust

/// A private Ed25519 key: a device's or an aggregator's own, with which it shows who it is in TLS
/// and signs what it says.
@safe
package final class SigningKey: @unchecked Sendable {
    // Never changed after `init`, and libcrypto only counts references in it: so threads may share
    // it.
    private let handle: OpaquePointer
    package let publicKey: SSHPublicKey

    /// Takes over `handle`.
    private init(owning handle: OpaquePointer) throws(MalformedInput) {
        unsafe self.handle = handle
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        guard unsafe EVP_PKEY_get_id(handle) == EVP_PKEY_ED25519,
            unsafe EVP_PKEY_get_raw_public_key(handle, &bytes, &count) == 1,
            let key = SSHPublicKey(ed25519: Array(bytes.prefix(count)))
        else {
            ERR_clear_error()
            unsafe EVP_PKEY_free(handle)
            throw MalformedInput("is not an Ed25519 key, which is all that this version signs with")
        }
        publicKey = key
    }

    /// Reads a key file in PEM (PKCS #8), without a passphrase.
    package convenience init(pemFile bytes: [UInt8]) throws(MalformedInput) {
        defer { ERR_clear_error() }
        let handle = unsafe bytes.withUnsafeBytes { buffer -> OpaquePointer? in
            guard let memory = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count))
            else { fatalError("libcrypto has no memory for a key") }
            defer { unsafe BIO_free(memory) }
            return unsafe PEM_read_bio_PrivateKey(memory, nil, refusePassphrase, nil)
        }
        guard let handle = unsafe handle else {
            throw MalformedInput(
                "is not a private key in PEM without a passphrase (`-----BEGIN PRIVATE KEY-----`)")
        }
        try unsafe self.init(owning: handle)
    }

    /// A new key, by libcrypto's own randomness.
    package static func generate() -> SigningKey {
        guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) else {
            fatalError("this libcrypto has no Ed25519")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var handle: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_keygen(context, &handle) == 1, let handle = unsafe handle
        else { fatalError("libcrypto can't make a key") }
        do throws(MalformedInput) {
            return try unsafe SigningKey(owning: handle)
        } catch {
            fatalError("libcrypto made a key that \(error.message)")
        }
    }

    deinit { unsafe EVP_PKEY_free(handle) }

    /// The file that `init(pemFile:)` reads.
    package var pem: [UInt8] {
        guard let memory = unsafe BIO_new(BIO_s_mem()) else {
            fatalError("libcrypto has no memory for a key")
        }
        defer { unsafe BIO_free(memory) }
        guard unsafe PEM_write_bio_PrivateKey(memory, handle, nil, nil, 0, nil, nil) == 1 else {
            fatalError("libcrypto can't write a key")
        }
        // An Ed25519 key has 119 bytes in PEM.
        var bytes = [UInt8](repeating: 0, count: 1_024)
        let count = unsafe BIO_read(memory, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(max(0, Int(count))))
    }

    /// An armored SSHSIG over `message`, as `ssh-keygen -Y sign -n NAMESPACE` makes it.
    package func sign(_ message: [UInt8], namespace: String) -> [UInt8] {
        SSHSignature(
            of: message, namespace: namespace, by: publicKey, checking: LibcryptoSignatures(),
            signedBy: raw
        ).armored
    }

    /// The 64 bytes of RFC 8032.
    private func raw(_ bytes: [UInt8]) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else {
            fatalError("libcrypto has no memory for a signature")
        }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        guard unsafe EVP_DigestSignInit(context, nil, nil, nil, handle) == 1,
            unsafe EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1,
            count == 64
        else { fatalError("libcrypto can't sign with an Ed25519 key") }
        return signature
    }

    /// Lends libcrypto's own key, for certificates. It must not outlive the call.
    @unsafe
    package func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        return unsafe body(handle)
    }
}

/// Otherwise libcrypto asks for a passphrase at the terminal, and waits.
private func refusePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 { 0 }
