internal import COpenSSL
internal import FleetModel
internal import Glibc

/// OpenSSL's settings for one connection to one host: who is believed, under which name and at what
/// time, and who we are. Sessions that are made of it inherit all of that.
@safe
package struct TLSContext: ~Copyable {
    /// An `SSL_CTX`. A library that keeps it counts its own reference.
    package let handle: OpaquePointer

    /// Only a certificate for `host`, a name or an address, will be believed.
    package init(_ settings: TLSSettings, expecting host: String) throws(NetworkError) {
        guard let handle = unsafe SSL_CTX_new(TLS_client_method()) else {
            fatalError("OpenSSL is out of memory")
        }
        unsafe self.handle = handle
        guard unsafe flotilla_ssl_ctx_set_min_proto_version(handle, TLS1_2_VERSION) == 1 else {
            fatalError("this OpenSSL has no TLS 1.2")
        }
        offer(Offer())
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        // Without this OpenSSL asks for a key's passphrase at the terminal, and waits.
        unsafe SSL_CTX_set_default_passwd_cb(handle, refusePassphrase)
        ERR_clear_error()
        try loadAuthorities(settings.authoritiesFile)
        try loadIdentity(settings)
        if let notBefore = settings.notBefore { judge(notBefore: notBefore.seconds) }
        try expect(host)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    /// What we offer a server: forward secrecy and authenticated encryption, as every server of the
    /// last ten years has. OpenSSL's own lists are longer, and a device says them at each poll.
    private struct Offer {
        /// Of TLS 1.2; those of TLS 1.3 are all good.
        let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
        let groups = "X25519:P-256:P-384"
        let signatures =
            "ed25519:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:RSA-PSS+SHA384:"
            + "RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"
    }

    private func offer(_ offer: Offer) {
        guard unsafe SSL_CTX_set_cipher_list(handle, offer.ciphers) == 1,
            unsafe flotilla_ssl_ctx_set_groups(handle, offer.groups) == 1,
            unsafe flotilla_ssl_ctx_set_signature_algorithms(handle, offer.signatures) == 1
        else { fatalError("this OpenSSL lacks what we offer") }
    }

    /// What to send as the server's name; nil for an address, for which none is sent.
    package static func serverName(of host: String) -> String? {
        guard let address = unsafe a2i_IPADDRESS(host) else { return host }
        unsafe ASN1_OCTET_STRING_free(address)
        return nil
    }

    private var parameters: OpaquePointer {
        guard let parameters = unsafe SSL_CTX_get0_param(handle) else {
            fatalError("every TLS context has verification parameters")
        }
        return unsafe parameters
    }

    /// Lets the certificate be judged at a time that is known to have passed, where the clock is
    /// behind it.
    private func judge(notBefore seconds: Int64) {
        let clock = Int64(time(nil))
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(max(clock, seconds)))
    }

    private func expect(_ host: String) throws(NetworkError) {
        // A certificate names an address as an address.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
        // Never the common name: a fleet's devices have theirs from the same authority.
        unsafe X509_VERIFY_PARAM_set_hostflags(
            parameters,
            UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
        guard !host.isEmpty, !host.utf8.contains(0),
            unsafe X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1
        else {
            throw NetworkError(
                .encryption, "expect", "'\(host)'", "TLS can't use it as a host name")
        }
    }

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
