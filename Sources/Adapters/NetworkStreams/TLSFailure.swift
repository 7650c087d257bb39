internal import COpenSSL

/// What went wrong in TLS, for people.
package enum TLSFailure {
    /// What OpenSSL says of a session (an `SSL`) whose last call failed; its verdict on the
    /// certificate first. `subject` is `host:port`.
    package static func describe(
        _ session: OpaquePointer, _ operation: String, host: String, subject: String
    ) -> NetworkError {
        let verdict = unsafe SSL_get_verify_result(session)
        guard verdict == Int(X509_V_OK) else {
            return NetworkError(
                .certificate, operation, subject, certificateMessage(verdict, host))
        }
        let number = ERR_peek_last_error()
        let reason = openSSLMessage()
        switch Int32(truncatingIfNeeded: number & 0x7f_ffff) {
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
            SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            return NetworkError(
                .authentication, operation, subject,
                "the server ended TLS (\(reason)); it may want another client certificate than "
                    + "the configured one")
        default:
            return NetworkError(.encryption, operation, subject, "TLS failed: \(reason)")
        }
    }

    private static func certificateMessage(_ verdict: Int, _ host: String) -> String {
        let reason =
            unsafe X509_verify_cert_error_string(verdict).map { unsafe String(cString: $0) }
            ?? "error \(verdict)"
        let advice =
            switch Int32(truncatingIfNeeded: verdict) {
            case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
                "use the name or address that it was made for"
            case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
                "renew it, or look at this device's clock"
            default: "check that the configured certificate authority is the one that signed it"
            }
        return "the certificate is refused for \(host) (\(reason)); \(advice)"
    }
}

/// The reason of OpenSSL's last error on this thread, which is forgotten by this.
func openSSLMessage() -> String {
    let number = ERR_peek_last_error()
    defer { ERR_clear_error() }
    guard number != 0, let reason = unsafe ERR_reason_error_string(number) else {
        return "no reason given"
    }
    return unsafe String(cString: reason)
}
