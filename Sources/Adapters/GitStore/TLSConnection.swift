internal import COpenSSL
internal import FleetModel
internal import Glibc

/// TLS 1.2 or 1.3 over one socket. OpenSSL works on memory and the socket does the waiting, so the
/// fetch's bounds hold in the handshake too, and no write can raise SIGPIPE.
@safe
final class TLSConnection {
    private let socket: NetworkSocket
    private let session: FetchSession
    private let host: String
    /// Owned; it owns the two memory buffers.
    private let handle: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// Owned; one TLS record on its way between the socket and the memory buffers.
    private let buffer: UnsafeMutableRawBufferPointer
    private var isUsable = true

    /// Connects and verifies the server's certificate; throws before anything is sent to a server
    /// that does not verify.
    init(host: String, socket: NetworkSocket, session: FetchSession) throws(GitError) {
        self.socket = socket
        self.session = session
        self.host = host
        let context = TLSContext()
        try context.load(session)
        guard let handle = unsafe SSL_new(context.handle),
            let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem())
        else { fatalError("OpenSSL is out of memory") }
        unsafe SSL_set_bio(handle, incoming, outgoing)
        unsafe (self.handle, self.incoming, self.outgoing) = (handle, incoming, outgoing)
        // From here on `deinit` runs when something throws.
        unsafe buffer = .allocate(byteCount: 1 << 14, alignment: 1)
        try expectHost()
        try handshake()
    }

    deinit {
        unsafe SSL_free(handle)
        unsafe buffer.deallocate()
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws(GitError) -> Int {
        while true {
            ERR_clear_error()
            let count = unsafe SSL_read(
                handle, target.baseAddress, Int32(clamping: target.count))
            if count > 0 { return Int(count) }
            let reason = unsafe SSL_get_error(handle, count)
            try sendPending()
            switch reason {
            case SSL_ERROR_WANT_READ:
                // The end of the stream without TLS's goodbye: whether the answer is whole, HTTP
                // and the pack's own checksum tell.
                if try receive() == 0 { return 0 }
            case SSL_ERROR_ZERO_RETURN: return 0
            default: throw failure("while reading")
            }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(GitError) {
        if unsafe bytes.isEmpty { return }
        ERR_clear_error()
        // Into memory, so always all of it; a renegotiation, which would want to read, is TLS 1.2's
        // and off.
        let count = unsafe SSL_write(handle, bytes.baseAddress, Int32(clamping: bytes.count))
        guard count == bytes.count else { throw failure("while writing") }
        try sendPending()
    }

    /// Says goodbye. The connection is closed either way, so a server that does not listen any more
    /// is no error.
    func close() {
        guard isUsable else { return }
        isUsable = false
        ERR_clear_error()
        guard unsafe SSL_shutdown(handle) >= 0 else { return }
        _ = try? sendPending()
    }

    private func expectHost() throws(GitError) {
        guard let parameters = unsafe SSL_get0_param(handle) else {
            fatalError("every SSL object has verification parameters")
        }
        // A certificate for an address names it as an address, and a name is never sent for one.
        var result = unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host)
        if result != 1 {
            unsafe X509_VERIFY_PARAM_set_hostflags(
                parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            result = unsafe X509_VERIFY_PARAM_set1_host(parameters, host, 0)
            guard result == 1, unsafe flotilla_ssl_set_host_name(handle, host) == 1 else {
                throw session.error(.invalidURL, "'\(sanitized(host))' is not a host name")
            }
        }
        if let notBefore = session.request.tls.notBefore {
            let clock = Int64(time(nil))
            unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(max(clock, notBefore.seconds)))
        }
    }

    private func handshake() throws(GitError) {
        while true {
            ERR_clear_error()
            let result = unsafe SSL_connect(handle)
            let reason = unsafe SSL_get_error(handle, result)
            if result == 1 || reason == SSL_ERROR_WANT_READ {
                try sendPending()
            }
            if result == 1 { return }
            guard reason == SSL_ERROR_WANT_READ else {
                let error = failure("in the handshake")
                // The alert tells the server's log why we leave.
                _ = try? sendPending()
                throw error
            }
            if try receive() == 0 {
                throw session.error(.network, "the server hung up during the TLS handshake")
            }
        }
    }

    private func sendPending() throws(GitError) {
        while unsafe BIO_ctrl_pending(outgoing) > 0 {
            let count = unsafe BIO_read(outgoing, buffer.baseAddress, Int32(buffer.count))
            guard count > 0 else { return }
            try unsafe socket.write(UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
        }
    }

    /// Takes what the socket has over into OpenSSL's memory; 0 at the end.
    private func receive() throws(GitError) -> Int {
        let count = try unsafe socket.read(into: buffer)
        if count == 0 { return 0 }
        let written = unsafe BIO_write(incoming, buffer.baseAddress, Int32(count))
        guard written == count else { fatalError("OpenSSL is out of memory") }
        return count
    }

    /// What OpenSSL says; its verdict on the certificate first.
    private func failure(_ moment: String) -> GitError {
        isUsable = false
        let verdict = unsafe SSL_get_verify_result(handle)
        if verdict != Int(X509_V_OK) {
            return session.error(.certificate, certificateMessage(verdict))
        }
        let number = ERR_peek_last_error()
        let reason = openSSLMessage()
        switch Int32(truncatingIfNeeded: number & 0x7f_ffff) {
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
            SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return session.error(
                .authentication,
                "the server ended TLS \(moment) (\(reason)); it may want another client "
                    + "certificate than the configured one")
        default:
            return session.error(.network, "TLS failed \(moment): \(reason)")
        }
    }

    private func certificateMessage(_ verdict: Int) -> String {
        let reason =
            unsafe X509_verify_cert_error_string(verdict).map { unsafe String(cString: $0) }
            ?? "error \(verdict)"
        let advice: String
        switch Int32(truncatingIfNeeded: verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            advice = "it is not for '\(host)'; use the name or address that it was made for"
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
            advice = "renew it, or look at this device's clock"
        default:
            advice =
                "check that the configured certificate authority is the one that signed it"
        }
        return "the server's certificate is refused (\(reason)); \(advice)"
    }
}

/// OpenSSL's settings for one connection.
@safe
struct TLSContext: ~Copyable {
    let handle: OpaquePointer

    init() {
        guard let handle = unsafe SSL_CTX_new(TLS_client_method()) else {
            fatalError("OpenSSL is out of memory")
        }
        unsafe self.handle = handle
        guard unsafe flotilla_ssl_ctx_set_min_proto_version(handle, TLS1_2_VERSION) == 1 else {
            fatalError("this OpenSSL has no TLS 1.2")
        }
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        // Without this OpenSSL asks for a key's passphrase at the terminal, and waits.
        unsafe SSL_CTX_set_default_passwd_cb(handle, refusePassphrase)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    func load(_ session: FetchSession) throws(GitError) {
        let settings = session.request.tls
        ERR_clear_error()
        if let file = settings.authoritiesFile {
            guard unsafe SSL_CTX_load_verify_file(handle, file) == 1 else {
                throw Self.unusable(file, "certificate authorities", session)
            }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(handle) == 1 else {
                throw session.error(
                    .certificate, "the system's certificate authorities cannot be read")
            }
        }
        try loadIdentity(settings, session)
    }

    private func loadIdentity(_ settings: TLSSettings, _ session: FetchSession) throws(GitError) {
        guard let certificate = settings.certificateFile, let key = settings.keyFile else {
            guard settings.certificateFile == nil && settings.keyFile == nil else {
                throw session.error(
                    .authentication, "a client certificate needs both its file and its key's file")
            }
            return
        }
        guard unsafe SSL_CTX_use_certificate_chain_file(handle, certificate) == 1 else {
            throw Self.unusable(certificate, "a client certificate", session)
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(handle) == 1
        else { throw Self.unusable(key, "the client certificate's key", session) }
    }

    private static func unusable(_ file: String, _ what: String, _ session: FetchSession)
        -> GitError
    {
        session.error(
            .authentication, "\(file) is not usable as \(what): \(openSSLMessage())")
    }
}

private func refusePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 { 0 }

/// The reason of OpenSSL's last error on this thread, which it forgets by this.
private func openSSLMessage() -> String {
    let number = ERR_peek_last_error()
    defer { ERR_clear_error() }
    guard number != 0, let reason = unsafe ERR_reason_error_string(number) else {
        return "no reason given"
    }
    return unsafe String(cString: reason)
}
