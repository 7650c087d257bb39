internal import COpenSSL
internal import Digests
package import FleetModel

/// A certificate that counts no more.
package struct Revocation: Equatable, Sendable {
    /// In hexadecimal digits.
    package let serial: String
    package let at: Instant

    package init(serial: String, at: Instant) {
        self.serial = serial
        self.at = at
    }
}

/// A list of revoked certificates of libcrypto. Owned: freed with this value.
@safe
struct RevocationList: ~Copyable {
    let handle: OpaquePointer

    /// An empty one, to be filled.
    init() {
        guard let handle = unsafe X509_CRL_new() else { fatalError("no memory for libcrypto") }
        unsafe self.handle = handle
    }

    init(pem: [UInt8]) throws(CertificateFault) {
        defer { ERR_clear_error() }
        let memory = LibcryptoMemory(pem)
        guard let handle = unsafe PEM_read_bio_X509_CRL(memory.handle, nil, nil, nil) else {
            throw CertificateFault(
                .malformed,
                "this is not a list of revoked certificates in PEM (`-----BEGIN X509 CRL-----`)")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe X509_CRL_free(handle) }

    var pem: [UInt8] {
        let memory = LibcryptoMemory()
        guard unsafe PEM_write_bio_X509_CRL(memory.handle, handle) == 1 else {
            fatalError("libcrypto can't write a list of revoked certificates")
        }
        return memory.contents()
    }

    func add(_ revocation: Revocation) throws(CertificateFault) {
        guard let bytes = Hex.decode(revocation.serial), !bytes.isEmpty,
            let number = unsafe BN_bin2bn(bytes, Int32(bytes.count), nil)
        else {
            throw CertificateFault(
                .malformed, "\(quoted(revocation.serial)) is not the serial of a certificate")
        }
        defer { unsafe BN_free(number) }
        guard let serial = unsafe BN_to_ASN1_INTEGER(number, nil),
            let entry = unsafe X509_REVOKED_new()
        else { fatalError("no memory for libcrypto") }
        defer { unsafe ASN1_INTEGER_free(serial) }
        let at = LibcryptoTime(revocation.at)
        // The list takes the entry over.
        guard unsafe X509_REVOKED_set_serialNumber(entry, serial) == 1,
            unsafe X509_REVOKED_set_revocationDate(entry, at.handle) == 1,
            unsafe X509_CRL_add0_revoked(handle, entry) == 1
        else { fatalError("libcrypto can't revoke a certificate") }
    }
}
