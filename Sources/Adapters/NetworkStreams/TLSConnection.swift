internal import COpenSSL
internal import HostSystem

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
    /// The largest TLS record.
    private static let recordBytes = 16 << 10

    /// Shakes hands; throws where the certificate is not one for `host` by an authority that the
    /// system knows, or that is in `authoritiesFile` (PEM).
    package init(
        over connection: TCPConnection, host: String, authoritiesFile: String? = nil
    ) throws(NetworkError) {
        self.connection = connection
        self.host = host
        let context = try TLSContext(authoritiesFile: authoritiesFile)
        guard let session = unsafe SSL_new(context.handle),
            let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem())
        else { fatalError("OpenSSL is out of memory") }
        unsafe SSL_set_bio(session, incoming, outgoing)
        unsafe (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
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

    private func expectHost() throws(NetworkError) {
        guard let parameters = unsafe SSL_get0_param(session) else {
            fatalError("every TLS session has verification parameters")
        }
        // A certificate names an address as an address, and no name is sent for one.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
        unsafe X509_VERIFY_PARAM_set_hostflags(
            parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard unsafe X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1,
            unsafe flotilla_ssl_set_host_name(session, host) == 1
        else {
            throw NetworkError(
                .encryption, "connect to", connection.subject, "TLS can't use this host name")
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
        let verdict = unsafe SSL_get_verify_result(session)
        guard verdict != Int(X509_V_OK) else {
            return NetworkError(
                .encryption, operation, connection.subject, "TLS failed: \(openSSLMessage())")
        }
        let reason =
            unsafe X509_verify_cert_error_string(verdict).map { unsafe String(cString: $0) }
            ?? "error \(verdict)"
        return NetworkError(
            .certificate, operation, connection.subject,
            "the certificate is refused for \(host): \(reason)")
    }
}

/// OpenSSL's settings for one connection.
@safe
private struct TLSContext: ~Copyable {
    let handle: OpaquePointer

    init(authoritiesFile: String?) throws(NetworkError) {
        guard let handle = unsafe SSL_CTX_new(TLS_client_method()) else {
            fatalError("OpenSSL is out of memory")
        }
        unsafe self.handle = handle
        guard unsafe flotilla_ssl_ctx_set_min_proto_version(handle, TLS1_2_VERSION) == 1 else {
            fatalError("this OpenSSL has no TLS 1.2")
        }
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        ERR_clear_error()
        let isLoaded =
            if let authoritiesFile {
                unsafe SSL_CTX_load_verify_file(handle, authoritiesFile) == 1
            } else {
                unsafe SSL_CTX_set_default_verify_paths(handle) == 1
            }
        guard isLoaded else {
            throw NetworkError(
                .encryption, "read", authoritiesFile ?? "the system's certificate authorities",
                openSSLMessage())
        }
    }

    deinit { unsafe SSL_CTX_free(handle) }
}

/// The reason of OpenSSL's last error on this thread, which is forgotten by this.
private func openSSLMessage() -> String {
    let number = ERR_peek_last_error()
    defer { ERR_clear_error() }
    guard number != 0, let reason = unsafe ERR_reason_error_string(number) else {
        return "no reason given"
    }
    return unsafe String(cString: reason)
}
