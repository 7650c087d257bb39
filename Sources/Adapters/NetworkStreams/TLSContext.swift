internal import COpenSSL

/// OpenSSL's settings for one connection.
@safe
struct TLSContext: ~Copyable {
    let handle: OpaquePointer

    init(_ settings: TLSSettings) throws(NetworkError) {
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
        ERR_clear_error()
        try loadAuthorities(settings.authoritiesFile)
        try loadIdentity(settings)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    private func loadAuthorities(_ file: String?) throws(NetworkError) {
        if let file {
            guard unsafe SSL_CTX_load_verify_file(handle, file) == 1 else {
                throw Self.unusable(file, "certificate authorities")
            }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(handle) == 1 else {
                throw Self.unusable("the system's store", "certificate authorities")
            }
        }
    }

    private func loadIdentity(_ settings: TLSSettings) throws(NetworkError) {
        guard let certificate = settings.certificateFile, let key = settings.keyFile else {
            if let lonely = settings.certificateFile ?? settings.keyFile {
                throw NetworkError(
                    .authentication, "use", lonely,
                    "a client certificate needs both its file and its key's file")
            }
            return
        }
        guard unsafe SSL_CTX_use_certificate_chain_file(handle, certificate) == 1 else {
            throw Self.unusable(certificate, "a client certificate")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(handle) == 1
        else { throw Self.unusable(key, "the client certificate's key") }
    }

    private static func unusable(_ file: String, _ what: String) -> NetworkError {
        NetworkError(
            .authentication, "use", file, "it is not usable as \(what): \(openSSLMessage())")
    }
}

private func refusePassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 { 0 }

/// The reason of OpenSSL's last error on this thread, which is forgotten by this.
func openSSLMessage() -> String {
    let number = ERR_peek_last_error()
    defer { ERR_clear_error() }
    guard number != 0, let reason = unsafe ERR_reason_error_string(number) else {
        return "no reason given"
    }
    return unsafe String(cString: reason)
}
