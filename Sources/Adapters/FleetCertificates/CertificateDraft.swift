internal import COpenSSL
internal import FleetModel
internal import ReleaseTrust

/// What a certificate will say, before it is signed.
struct CertificateDraft {
    struct Subject {
        var fleet: String
        var unit: String
        var commonName: String
    }

    var subject: Subject
    var notBefore: Instant
    var notAfter: Instant
    /// In OpenSSL's own notation.
    var extensions: [(kind: Int32, value: String)]

    /// The authority's own certificate is its own issuer.
    func fill(
        _ certificate: borrowing CertificateHandle, publicKey: SSHPublicKey,
        issuer: borrowing CertificateHandle
    ) throws(CertificateFault) {
        let handle = unsafe certificate.handle
        let issuerHandle = unsafe issuer.handle
        let from = LibcryptoTime(notBefore)
        let until = LibcryptoTime(notAfter)
        guard unsafe X509_set_version(handle, 2) == 1,
            unsafe X509_set1_notBefore(handle, from.handle) == 1,
            unsafe X509_set1_notAfter(handle, until.handle) == 1
        else { fatalError("libcrypto can't fill a certificate") }
        try unsafe setKey(publicKey, of: handle)
        unsafe setSerial(of: handle)
        try unsafe setSubject(of: handle)
        guard
            unsafe X509_set_issuer_name(handle, X509_get_subject_name(issuerHandle)) == 1
        else { fatalError("libcrypto can't fill a certificate") }
        for (kind, value) in extensions {
            try unsafe add(kind, value, to: handle, issuer: issuerHandle)
        }
    }

    private func setKey(_ key: SSHPublicKey, of handle: OpaquePointer) throws(CertificateFault) {
        guard case .ed25519(let bytes)? = key.material else {
            throw CertificateFault(
                .malformed,
                "a key of the kind \(key.kind.rawValue) can't be certified: take Ed25519")
        }
        guard
            let publicKey = unsafe EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, bytes, bytes.count)
        else { throw CertificateFault(.malformed, "the key is not an Ed25519 key") }
        defer { unsafe EVP_PKEY_free(publicKey) }
        guard unsafe X509_set_pubkey(handle, publicKey) == 1 else {
            fatalError("libcrypto can't fill a certificate")
        }
    }

    /// 127 random bits, the highest of them set: 16 bytes, and positive.
    private func setSerial(of handle: OpaquePointer) {
        guard let number = unsafe BN_new() else { fatalError("no memory for libcrypto") }
        defer { unsafe BN_free(number) }
        guard unsafe BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1,
            let serial = unsafe BN_to_ASN1_INTEGER(number, nil)
        else { fatalError("libcrypto has no random numbers") }
        defer { unsafe ASN1_INTEGER_free(serial) }
        guard unsafe X509_set_serialNumber(handle, serial) == 1 else {
            fatalError("libcrypto can't fill a certificate")
        }
    }

    private func setSubject(of handle: OpaquePointer) throws(CertificateFault) {
        guard let name = unsafe X509_get_subject_name(handle) else {
            fatalError("libcrypto made a certificate without a subject")
        }
        let fields = [
            (NID_organizationName, subject.fleet), (NID_organizationalUnitName, subject.unit),
            (NID_commonName, subject.commonName),
        ]
        for (kind, text) in fields {
            let bytes = Array(text.utf8)
            guard
                unsafe X509_NAME_add_entry_by_NID(
                    name, kind, MBSTRING_FLAG, bytes, Int32(bytes.count), -1, 0) == 1
            else {
                throw CertificateFault(
                    .badName, "\(quoted(text)) can't stand in a certificate: \(libcryptoMessage())")
            }
        }
    }

    private func add(
        _ kind: Int32, _ value: String, to handle: OpaquePointer, issuer: OpaquePointer
    ) throws(CertificateFault) {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer, handle, nil, nil, 0)
        guard let made = unsafe X509V3_EXT_nconf_nid(nil, &context, kind, value) else {
            throw CertificateFault(
                .badName, "\(quoted(value)) can't stand in a certificate: \(libcryptoMessage())")
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(handle, made, -1) == 1 else {
            fatalError("libcrypto can't fill a certificate")
        }
    }
}
