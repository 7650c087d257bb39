internal import COpenSSL
internal import Digests
package import FleetModel
package import ReleaseTrust

/// What a certificate of the fleet says. Read, and not yet judged: anybody can write one.
package struct DeviceCertificate: Equatable, Sendable {
    package let commonName: String
    package let role: BusRole
    /// The organization: the fleet's name.
    package let fleet: String
    /// Nil where the key is of another kind than Ed25519, so that it can't sign messages.
    package let publicKey: SSHPublicKey?
    package let notBefore: Instant
    package let notAfter: Instant
    /// In lower-case hexadecimal digits.
    package let serial: String
    package let der: [UInt8]

    package init(der: [UInt8]) throws(CertificateFault) {
        guard der.count <= Limits.certificateBytes else {
            throw CertificateFault(
                .malformed,
                "the certificate has \(der.count) bytes, and at most \(Limits.certificateBytes) are read"
            )
        }
        try self.init(CertificateHandle(der: der))
    }

    /// The first one in a PEM file.
    package init(pem: [UInt8]) throws(CertificateFault) {
        try self.init(CertificateHandle(pem: pem))
    }

    init(_ certificate: borrowing CertificateHandle) throws(CertificateFault) {
        guard let commonName = certificate.subjectField(NID_commonName),
            let unit = certificate.subjectField(NID_organizationalUnitName),
            let fleet = certificate.subjectField(NID_organizationName),
            let notBefore = certificate.notBefore, let notAfter = certificate.notAfter
        else {
            throw CertificateFault(
                .malformed,
                "the certificate's subject has not exactly one common name, unit and organization")
        }
        guard let role = BusRole(rawValue: unit) else {
            throw CertificateFault(
                .wrongRole, "the certificate is for \(quoted(unit)), which is no part in a fleet")
        }
        guard role.admits(commonName: commonName) else {
            throw CertificateFault(
                .badName, "no \(role.rawValue) can be called \(quoted(commonName))")
        }
        self.commonName = commonName
        self.role = role
        self.fleet = fleet
        publicKey = certificate.ed25519.flatMap { SSHPublicKey(ed25519: $0) }
        self.notBefore = notBefore
        self.notAfter = notAfter
        serial = Hex.encode(certificate.serial)
        der = certificate.der
    }

    /// The device whose certificate this is.
    package var device: DeviceID? { role == .device ? DeviceID(commonName) : nil }
}
