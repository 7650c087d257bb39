internal import COpenSSL
package import FleetModel

/// Decides whether a certificate is one of the fleet's authority, by a time that is an argument and
/// never by the clock.
@safe
package final class CertificateJudge: @unchecked Sendable {
    // libcrypto locks a store by itself, and it is never changed after `init`.
    private let store: OpaquePointer

    /// `authorityPEM` may hold several authorities, for the time of a change from one to the next.
    /// Without a list of revoked certificates none is.
    package init(authorityPEM: [UInt8], revokedPEM: [UInt8]?) throws(CertificateFault) {
        guard let store = unsafe X509_STORE_new() else { fatalError("no memory for libcrypto") }
        unsafe self.store = store
        try addAuthorities(authorityPEM)
        if let revokedPEM { try addRevoked(revokedPEM) }
    }

    deinit { unsafe X509_STORE_free(store) }

    private func addAuthorities(_ pem: [UInt8]) throws(CertificateFault) {
        let memory = LibcryptoMemory(pem)
        var count = 0
        while true {
            let certificate: CertificateHandle
            do throws(CertificateFault) {
                certificate = try CertificateHandle(next: memory)
            } catch {
                // The end of the file looks like that too.
                if count > 0 { return }
                throw error
            }
            guard unsafe X509_check_ca(certificate.handle) == 1 else {
                throw CertificateFault(
                    .malformed, "the certificate of the authority is not one of an authority")
            }
            guard unsafe X509_STORE_add_cert(store, certificate.handle) == 1 else {
                throw CertificateFault(
                    .malformed, "the authority can't be used: \(libcryptoMessage())")
            }
            count += 1
        }
    }

    private func addRevoked(_ pem: [UInt8]) throws(CertificateFault) {
        let list = try RevocationList(pem: pem)
        guard unsafe X509_STORE_add_crl(store, list.handle) == 1,
            unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK)) == 1
        else {
            throw CertificateFault(
                .malformed, "the list of revoked certificates can't be used: \(libcryptoMessage())")
        }
    }

    /// What the certificate says, where the fleet's authority vouches for it at `time`. With `role`
    /// it must be for that part.
    package func judge(
        _ der: [UInt8], as role: BusRole? = nil, at time: Instant
    ) throws(CertificateFault) -> DeviceCertificate {
        guard der.count <= Limits.certificateBytes else {
            throw CertificateFault(
                .malformed,
                "the certificate has \(der.count) bytes, and at most \(Limits.certificateBytes) are read"
            )
        }
        defer { ERR_clear_error() }
        let handle = try CertificateHandle(der: der)
        guard let context = unsafe X509_STORE_CTX_new() else {
            fatalError("no memory for libcrypto")
        }
        defer { unsafe X509_STORE_CTX_free(context) }
        guard unsafe X509_STORE_CTX_init(context, store, handle.handle, nil) == 1 else {
            fatalError("no memory for libcrypto")
        }
        unsafe X509_STORE_CTX_set_time(context, 0, time_t(time.seconds))
        guard unsafe X509_verify_cert(context) == 1 else {
            throw Self.fault(unsafe X509_STORE_CTX_get_error(context), at: time)
        }
        let certificate = try DeviceCertificate(handle)
        if let role, certificate.role != role {
            throw CertificateFault(
                .wrongRole,
                "the certificate of `\(certificate.commonName)` is for a part as \(certificate.role.rawValue), not as \(role.rawValue)"
            )
        }
        return certificate
    }

    private static func fault(_ number: Int32, at time: Instant) -> CertificateFault {
        let reason =
            unsafe X509_verify_cert_error_string(Int(number)).map { unsafe String(cString: $0) }
            ?? "reason \(number)"
        let code: CertificateFault.Code =
            switch number {
            case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CRL_HAS_EXPIRED: .expired
            case X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CRL_NOT_YET_VALID: .notYetValid
            case X509_V_ERR_CERT_REVOKED: .revoked
            default: .untrusted
            }
        return CertificateFault(code, "at \(time) the certificate does not count: \(reason)")
    }
}
