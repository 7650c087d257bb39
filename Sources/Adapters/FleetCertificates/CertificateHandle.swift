internal import COpenSSL
internal import FleetModel

/// A certificate of libcrypto. Owned: freed with this value.
@safe
struct CertificateHandle: ~Copyable {
    let handle: OpaquePointer

    /// An empty one, to be filled.
    init() {
        guard let handle = unsafe X509_new() else { fatalError("no memory for a certificate") }
        unsafe self.handle = handle
    }

    private init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    init(der: [UInt8]) throws(CertificateFault) {
        defer { ERR_clear_error() }
        var used = 0
        let handle = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var next = buffer.baseAddress
            let handle = unsafe d2i_X509(nil, &next, buffer.count)
            if let start = buffer.baseAddress, let end = unsafe next {
                used = unsafe end - start
            }
            return unsafe handle
        }
        guard let handle = unsafe handle else {
            throw CertificateFault(.malformed, "these bytes are not a certificate")
        }
        guard used == der.count else {
            unsafe X509_free(handle)
            throw CertificateFault(.malformed, "the certificate has bytes after its end")
        }
        unsafe self.init(owning: handle)
    }

    /// The first one in a PEM file.
    init(pem: [UInt8]) throws(CertificateFault) {
        let memory = LibcryptoMemory(pem)
        try self.init(next: memory)
    }

    /// The next one in a PEM file.
    init(next memory: borrowing LibcryptoMemory) throws(CertificateFault) {
        defer { ERR_clear_error() }
        guard let handle = unsafe PEM_read_bio_X509(memory.handle, nil, nil, nil) else {
            throw CertificateFault(
                .malformed, "this is not a certificate in PEM (`-----BEGIN CERTIFICATE-----`)")
        }
        unsafe self.init(owning: handle)
    }

    deinit { unsafe X509_free(handle) }

    var der: [UInt8] {
        let memory = LibcryptoMemory()
        guard unsafe i2d_X509_bio(memory.handle, handle) == 1 else {
            fatalError("libcrypto can't write a certificate")
        }
        return memory.contents()
    }

    var pem: [UInt8] {
        let memory = LibcryptoMemory()
        guard unsafe PEM_write_bio_X509(memory.handle, handle) == 1 else {
            fatalError("libcrypto can't write a certificate")
        }
        return memory.contents()
    }

    /// In hexadecimal digits, as `openssl x509 -serial` prints it, in lower case.
    var serial: [UInt8] {
        guard let number = unsafe X509_get0_serialNumber(handle) else { return [] }
        return unsafe bytes(of: number)
    }

    var notBefore: Instant? { unsafe LibcryptoTime.instant(X509_get0_notBefore(handle)) }
    var notAfter: Instant? { unsafe LibcryptoTime.instant(X509_get0_notAfter(handle)) }

    /// A field of the subject; nil where it is not there exactly once.
    func subjectField(_ kind: Int32) -> String? {
        guard let name = unsafe X509_get_subject_name(handle) else { return nil }
        let index = unsafe X509_NAME_get_index_by_NID(name, kind, -1)
        guard index >= 0, unsafe X509_NAME_get_index_by_NID(name, kind, index) < 0,
            let entry = unsafe X509_NAME_get_entry(name, index),
            let data = unsafe X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        return unsafe String(validating: bytes(of: data), as: UTF8.self)
    }

    /// The 32 bytes of an Ed25519 key; nil for any other.
    var ed25519: [UInt8]? {
        defer { ERR_clear_error() }
        guard let key = unsafe X509_get0_pubkey(handle),
            unsafe EVP_PKEY_get_id(key) == EVP_PKEY_ED25519
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = bytes.count
        guard unsafe EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == 32 else {
            return nil
        }
        return bytes
    }

    private func bytes(of text: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        let count = Int(unsafe ASN1_STRING_length(text))
        guard count > 0, let start = unsafe ASN1_STRING_get0_data(text) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }
}
