internal import ChannelWatch
internal import Documents
internal import FleetCertificates
internal import FleetModel
internal import HostSystem
internal import JSONDocument
internal import ReleaseTrust
internal import Signatures
internal import WireMessages

/// One thing that `check` looked at.
package struct ConfigurationFinding: Equatable, Sendable, CustomStringConvertible {
    package var isGood: Bool
    package var what: String
    /// What is there, or what is wrong and what to do.
    package var detail: String

    /// What `check` returns is good, what it throws is bad.
    package init(_ what: String, _ check: () throws -> String) {
        self.what = what
        do {
            detail = try check()
            isGood = true
        } catch {
            detail = "\(error)"
            isGood = false
        }
    }

    package var description: String { "\(isGood ? "ok  " : "bad ") \(what): \(detail)" }
}

extension AggregatorConfiguration {
    /// Looks over all files that the configuration names, but for those that only the HTTP server
    /// can judge. Talks to nobody, and changes nothing.
    package func findings() -> [ConfigurationFinding] {
        [
            ConfigurationFinding("anchor") {
                try VerifiedChannel.anchor(of: channelSettings).release.short
            },
            ConfigurationFinding("broker.ca") { try lookAt(broker.ca) },
            ConfigurationFinding("broker.certificate") { try checkCertificate() },
            ConfigurationFinding("broker.key") { try lookAtSecret(broker.key) },
            ConfigurationFinding("authority") { try checkAuthority() },
            ConfigurationFinding("key") { try checkKey() },
            ConfigurationFinding("state") { try checkState() },
        ] + optionalFindings()
    }

    private func optionalFindings() -> [ConfigurationFinding] {
        let files = [
            ("repository.ca", repository.ca), ("repository.certificate", repository.certificate),
            ("repository.knownHosts", repository.knownHosts),
            ("tls.certificate", listener.certificate),
        ]
        let secrets = [
            ("repository.key", repository.key), ("repository.sshKey", repository.sshKey),
            ("repository.passwordFile", repository.passwordFile), ("tls.key", listener.key),
        ]
        return files.compactMap { name, file in
            file.map { file in ConfigurationFinding(name) { try lookAt(file) } }
        }
            + secrets.compactMap { name, file in
                file.map { file in ConfigurationFinding(name) { try lookAtSecret(file) } }
            }
    }

    private func contents(of file: String) throws -> [UInt8] {
        guard
            let bytes = try Root.contents(ofHostFile: file, limit: Limits.credentialFileBytes)
        else { throw ServiceFault("\(file) is missing") }
        return bytes
    }

    private func lookAt(_ file: String) throws -> String {
        _ = try contents(of: file)
        return file
    }

    /// Held against others as the tokens are: what everybody can read is no secret any more.
    private func lookAtSecret(_ file: String) throws -> String {
        _ = try contents(of: file)
        let status = try Root(DevicePath.parent(of: file))
            .status(of: "/\(DevicePath.name(of: file))")
        guard let status, status.mode & 0o007 == 0 else {
            throw ServiceFault(
                "every user of this machine can get at \(file): replace what is in it by a new "
                    + "one, and then: chmod 600 \(file)")
        }
        return file
    }

    /// The broker lets in who has the right name, and TLS needs certificate and key to fit.
    private func checkCertificate() throws -> String {
        let certificate = try DeviceCertificate(pem: contents(of: broker.certificate))
        let wanted = "aggregator@\(channel.fleet)"
        guard certificate.role == .aggregator, certificate.commonName == wanted else {
            throw ServiceFault(
                "\(broker.certificate) is of `\(certificate.commonName)`, and must be of "
                    + "`\(wanted)`: flotilla ca issue DIR aggregator")
        }
        guard try certificate.publicKey == SigningKey(at: broker.key).publicKey else {
            throw ServiceFault("\(broker.key) is not the key of \(broker.certificate)")
        }
        guard certificate.notAfter > Clocks.wall() else {
            throw ServiceFault(
                "\(broker.certificate) has expired at \(certificate.notAfter): issue a new one")
        }
        return "\(wanted), until \(certificate.notAfter)"
    }

    private func checkAuthority() throws -> String {
        let list = try revoked.map { try contents(of: $0) }
        _ = try CertificateJudge(authorityPEM: contents(of: authority), revokedPEM: list)
        return revoked.map { "\(authority), without those of \($0)" } ?? authority
    }

    /// Devices believe only a key that the channel's own files name.
    private func checkKey() throws -> String {
        _ = try lookAtSecret(self.key)
        let key = try SigningKey(at: self.key).publicKey
        let line =
            "aggregator@\(channel.fleet) namespaces=\"\(SignatureNamespace.order),"
            + "\(SignatureNamespace.acknowledgement)\" \(key.text)"
        let signers = try knownSigners()
        guard let signer = signers.signer(with: key),
            signer.admits(namespace: SignatureNamespace.order),
            signer.admits(namespace: SignatureNamespace.acknowledgement)
        else {
            throw ServiceFault(
                "trust/allowed_signers does not name \(key.fingerprint) for orders. Add this line "
                    + "and publish:\n     \(line)")
        }
        return "\(key.fingerprint), as `\(signer.principal)` signs orders"
    }

    /// Those of the newest release that was verified here, else of the anchor.
    private func knownSigners() throws -> AllowedSigners {
        let file = "\(state)/channel/trust.json"
        guard let bytes = try Root.contents(ofHostFile: file, limit: Limits.recordBytes) else {
            return try VerifiedChannel.anchor(of: channelSettings).allowedSigners
        }
        return try TrustHead(JSON.parse(bytes, file: file), file: file).allowedSigners
    }

    private func checkState() throws -> String {
        let status = try Root("/").status(of: state)
        guard let status else { return "\(state), which is made at the first start" }
        guard status.kind == .directory || status.kind == .symbolicLink else {
            throw ServiceFault("\(state) is not a folder")
        }
        return state
    }
}
