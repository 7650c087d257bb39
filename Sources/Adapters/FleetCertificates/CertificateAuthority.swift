internal import COpenSSL
package import FleetModel
package import ReleaseTrust
package import Signatures

/// The fleet's certificate authority: it vouches for the keys of devices, aggregators, operators and
/// brokers. Its key belongs on a machine that nobody reaches.
@safe
package struct CertificateAuthority: ~Copyable {
    package let fleet: String
    private let key: SigningKey
    private let certificate: CertificateHandle

    /// For whom a certificate is issued.
    package struct Request: Sendable {
        package var role: BusRole
        /// A device's id or an operator's name; empty for an aggregator and for a broker, which is
        /// called by its first host.
        package var name: String
        /// By what a broker is called.
        package var hosts: [String]
        package var days: Int
        /// Nil makes a new key.
        package var publicKey: SSHPublicKey?

        package init(
            role: BusRole, name: String = "", hosts: [String] = [], days: Int = 825,
            publicKey: SSHPublicKey? = nil
        ) {
            self.role = role
            self.name = name
            self.hosts = hosts
            self.days = days
            self.publicKey = publicKey
        }
    }

    package struct Issued: Sendable {
        package let certificate: DeviceCertificate
        package let certificatePEM: [UInt8]
        /// Nil where the key was given.
        package let key: SigningKey?
    }

    /// What is made now counts from a day before, for who gets it may have a clock that is behind.
    private static let leeway = Duration.seconds(-86_400)

    private init(fleet: String, key: SigningKey, certificate: consuming CertificateHandle) {
        self.fleet = fleet
        self.key = key
        self.certificate = certificate
    }

    /// Opens an authority from its two files.
    package init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(CertificateFault) {
        let certificate = try CertificateHandle(pem: certificatePEM)
        let key: SigningKey
        do throws(MalformedInput) {
            key = try SigningKey(pemFile: keyPEM)
        } catch {
            throw CertificateFault(.malformed, "the key of the authority \(error.message)")
        }
        guard let bytes = certificate.ed25519, SSHPublicKey(ed25519: bytes) == key.publicKey else {
            throw CertificateFault(
                .malformed, "the key of the authority is not the one of its certificate")
        }
        guard let fleet = certificate.subjectField(NID_organizationName), isName(fleet) else {
            throw CertificateFault(
                .malformed, "the certificate of the authority does not name a fleet")
        }
        self.init(fleet: fleet, key: key, certificate: certificate)
    }

    package static func create(
        fleet: String, days: Int, at now: Instant
    ) throws(CertificateFault) -> CertificateAuthority {
        guard isName(fleet, limit: BusRole.fleetNameBytes) else {
            throw CertificateFault(
                .badName,
                "\(quoted(fleet)) can't be the name of a fleet with an authority: at most \(BusRole.fleetNameBytes) of a-z, 0-9, dot, underscore and hyphen, starting with a letter or a digit"
            )
        }
        let key = SigningKey.generate()
        let certificate = CertificateHandle()
        let subject = CertificateDraft.Subject(
            fleet: fleet, unit: "authority", commonName: "authority@\(fleet)")
        let draft = CertificateDraft(
            subject: subject, notBefore: now + leeway, notAfter: now + .seconds(days * 86_400),
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        try draft.fill(certificate, publicKey: key.publicKey, issuer: certificate)
        sign(certificate, by: key)
        return CertificateAuthority(fleet: fleet, key: key, certificate: certificate)
    }

    package var certificatePEM: [UInt8] { certificate.pem }
    package var keyPEM: [UInt8] { key.pem }

    /// The last moment at which anything that it issued counts.
    package var notAfter: Instant { certificate.notAfter ?? Instant(nanoseconds: 0) }

    package func issue(
        _ request: Request, at now: Instant
    ) throws(CertificateFault) -> Issued {
        let name = request.role == .broker ? request.hosts.first ?? "" : request.name
        let commonName = try request.role.commonName(name, fleet: fleet)
        let newKey = request.publicKey == nil ? SigningKey.generate() : nil
        guard let publicKey = request.publicKey ?? newKey?.publicKey else {
            fatalError("either a key was given or one was made")
        }
        let issued = CertificateHandle()
        let draft = CertificateDraft(
            subject: .init(fleet: fleet, unit: request.role.rawValue, commonName: commonName),
            notBefore: now + Self.leeway,
            notAfter: min(now + .seconds(request.days * 86_400), notAfter),
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, request.role.extendedKeyUsage),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid:always"),
            ] + (try Self.alternativeNames(request.hosts)))
        try draft.fill(issued, publicKey: publicKey, issuer: certificate)
        Self.sign(issued, by: key)
        return Issued(
            certificate: try DeviceCertificate(issued), certificatePEM: issued.pem, key: newKey)
    }

    private static func alternativeNames(
        _ hosts: [String]
    ) throws(CertificateFault) -> [(Int32, String)] {
        var names: [String] = []
        for text in hosts {
            guard let host = HostName(text) else {
                throw CertificateFault(
                    .badName, "\(quoted(text)) is neither a host's name nor an address")
            }
            names.append(host.alternativeName)
        }
        return names.isEmpty ? [] : [(NID_subject_alt_name, names.joined(separator: ","))]
    }

    /// The list of all that is revoked, in PEM. It never becomes too old by itself: where there is
    /// no newer one, this one counts for as long as the authority.
    package func revocationList(
        _ revoked: [Revocation], number: Int64, at now: Instant
    ) throws(CertificateFault) -> [UInt8] {
        let list = RevocationList()
        let from = LibcryptoTime(now + Self.leeway)
        let until = LibcryptoTime(notAfter)
        guard unsafe X509_CRL_set_version(list.handle, 1) == 1,
            unsafe X509_CRL_set_issuer_name(
                list.handle, X509_get_subject_name(certificate.handle)) == 1,
            unsafe X509_CRL_set1_lastUpdate(list.handle, from.handle) == 1,
            unsafe X509_CRL_set1_nextUpdate(list.handle, until.handle) == 1,
            let count = unsafe ASN1_INTEGER_new()
        else { fatalError("libcrypto can't make a list of revoked certificates") }
        defer { unsafe ASN1_INTEGER_free(count) }
        for revocation in revoked { try list.add(revocation) }
        guard unsafe ASN1_INTEGER_set_int64(count, number) == 1,
            unsafe X509_CRL_add1_ext_i2d(list.handle, NID_crl_number, count, 0, 0) == 1,
            unsafe X509_CRL_sort(list.handle) == 1
        else { fatalError("libcrypto can't make a list of revoked certificates") }
        let size = unsafe key.withHandle { unsafe X509_CRL_sign(list.handle, $0, nil) }
        guard size > 0 else { fatalError("libcrypto can't sign: \(libcryptoMessage())") }
        return list.pem
    }

    private static func sign(_ certificate: borrowing CertificateHandle, by key: SigningKey) {
        let handle = unsafe certificate.handle
        let size = unsafe key.withHandle { unsafe X509_sign(handle, $0, nil) }
        guard size > 0 else { fatalError("libcrypto can't sign: \(libcryptoMessage())") }
    }
}
