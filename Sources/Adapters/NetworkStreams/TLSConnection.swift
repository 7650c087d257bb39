internal import COpenSSL

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
        let context = try TLSContext(settings, expecting: host)
        guard let session = unsafe SSL_new(context.handle),
            let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem())
        else { fatalError("OpenSSL is out of memory") }
        unsafe SSL_set_bio(session, incoming, outgoing)
        unsafe (self.session, self.incoming, self.outgoing) = (session, incoming, outgoing)
        if let name = TLSContext.serverName(of: host) {
            guard unsafe flotilla_ssl_set_host_name(session, name) == 1 else {
                throw NetworkError(
                    .encryption, "connect to", connection.subject,
                    "TLS can't use '\(host)' as a host name")
            }
        }
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

    private func failure(_ operation: String) -> NetworkError {
        isUsable = false
        return unsafe TLSFailure.describe(
            session, operation, host: host, subject: connection.subject)
    }
}
