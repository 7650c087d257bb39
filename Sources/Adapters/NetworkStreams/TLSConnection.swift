internal import COpenSSL
internal import FleetModel
internal import Glibc

/// TLS 1.2 or 1.3 over a TCP connection. OpenSSL works on memory and the connection does the
/// waiting, so its deadline holds in the handshake too, and no write can raise SIGPIPE.
@safe
package final class TLSConnection: ByteStream {
    private let connection: TCPConnection
    private let host: String
    /// Owned; it owns the two memory buffers.
    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// Nothing has failed, and goodbye was not said.
    private var isUsable = true
    /// The largest TLS record.
    private static let recordBytes = 16 << 10

    /// Shakes hands; throws, before anything else is sent, where the certificate is not one for
    /// `host` by an authority that is believed.
    package init(
        over connection: TCPConnection, host: String, _ settings: TLSSettings = TLSSettings()
    ) throws(NetworkError) {
        self.connection = connection
        self.host = host
        let context = try TLSContext(settings)
        guard let session = unsafe SSL_new(context.handle),
            let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem())
        else { fatalError("OpenSSL is out of memory") }
        unsafe SSL_set_bio(session, incoming, outgoing)
        unsafe (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
        if let notBefore = settings.notBefore { judge(notBefore: notBefore.seconds) }
        try expectHost()
        try handshake()
    }

    deinit { unsafe SSL_free(session) }

    package func read(upTo count: Int) throws(NetworkError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        while true {
            ERR_clear_error()
            let received = unsafe buffer.withUnsafeMutableBytes {
                unsafe SSL_read(session, $0.baseAddress, Int32(clamping: $0.count))
            }
            if received > 0 {
                buffer.removeLast(count - Int(received))
                return buffer
            }
            let reason = unsafe SSL_get_error(session, received)
            try sendPending()
            switch reason {
            case SSL_ERROR_WANT_READ:
                // The end without TLS's goodbye: whether the answer is whole, HTTP tells.
                if try receive() == false { return [] }
            case SSL_ERROR_ZERO_RETURN: return []
            default: throw failure("read from")
            }
        }
    }

    package func write(_ bytes: [UInt8]) throws(NetworkError) {
        if bytes.isEmpty { return }
        ERR_clear_error()
        // Into memory, so always all of it.
        let written = unsafe bytes.withUnsafeBytes {
            unsafe SSL_write(session, $0.baseAddress, Int32(clamping: $0.count))
        }
        guard written == bytes.count else { throw failure("write to") }
        try sendPending()
    }

    /// Says goodbye. The connection ends either way, so a server that does not listen any more is
    /// no error.
    package func close() {
        guard isUsable else { return }
        isUsable = false
        ERR_clear_error()
        guard unsafe SSL_shutdown(session) >= 0 else { return }
        _ = try? sendPending()
    }

    private var parameters: OpaquePointer {
        guard let parameters = unsafe SSL_get0_param(session) else {
            fatalError("every TLS session has verification parameters")
        }
        return unsafe parameters
    }

    /// Lets the certificate be judged at a time that is known to have passed, where the clock is
    /// behind it.
    private func judge(notBefore seconds: Int64) {
        let clock = Int64(time(nil))
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(max(clock, seconds)))
    }

    private func expectHost() throws(NetworkError) {
        // A certificate names an address as an address, and no name is sent for one.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
        unsafe X509_VERIFY_PARAM_set_hostflags(
            parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard unsafe X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1,
            unsafe flotilla_ssl_set_host_name(session, host) == 1
        else {
            throw NetworkError(
                .encryption, "connect to", connection.subject,
                "TLS can't use '\(host)' as a host name")
        }
    }

    private func handshake() throws(NetworkError) {
        while true {
            ERR_clear_error()
            let result = unsafe SSL_connect(session)
            let reason = unsafe SSL_get_error(session, result)
            if result == 1 { return try sendPending() }
            guard reason == SSL_ERROR_WANT_READ else {
                let error = failure("connect to")
                // The alert tells the server's log why we leave; without it nothing is lost.
                _ = try? sendPending()
                throw error
            }
            try sendPending()
            guard try receive() else {
                throw NetworkError(
                    .unreachable, "connect to", connection.subject,
                    "the server hung up in the TLS handshake")
            }
        }
    }

    private func sendPending() throws(NetworkError) {
        while unsafe BIO_ctrl_pending(outgoing) > 0 {
            var buffer = [UInt8](repeating: 0, count: Self.recordBytes)
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe BIO_read(outgoing, $0.baseAddress, Int32($0.count))
            }
            guard count > 0 else { return }
            buffer.removeLast(buffer.count - Int(count))
            try connection.write(buffer)
        }
    }

    /// Hands what came over to OpenSSL; false at the end of the connection.
    private func receive() throws(NetworkError) -> Bool {
        let bytes = try connection.read(upTo: Self.recordBytes)
        if bytes.isEmpty { return false }
        let written = unsafe bytes.withUnsafeBytes {
            unsafe BIO_write(incoming, $0.baseAddress, Int32($0.count))
        }
        guard written == bytes.count else { fatalError("OpenSSL is out of memory") }
        return true
    }

    /// What OpenSSL says; its verdict on the certificate first.
    private func failure(_ operation: String) -> NetworkError {
        isUsable = false
        let verdict = unsafe SSL_get_verify_result(session)
        guard verdict == Int(X509_V_OK) else {
            return NetworkError(
                .certificate, operation, connection.subject, certificateMessage(verdict))
        }
        let number = ERR_peek_last_error()
        let reason = openSSLMessage()
        switch Int32(truncatingIfNeeded: number & 0x7f_ffff) {
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
            SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return NetworkError(
                .authentication, operation, connection.subject,
                "the server ended TLS (\(reason)); it may want another client certificate than "
                    + "the configured one")
        default:
            return NetworkError(
                .encryption, operation, connection.subject, "TLS failed: \(reason)")
        }
    }

    private func certificateMessage(_ verdict: Int) -> String {
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
