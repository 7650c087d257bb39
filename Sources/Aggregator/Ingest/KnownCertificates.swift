internal import Digests
internal import FleetCertificates
internal import FleetModel
internal import HostSystem

/// The devices' certificates that were judged, so that the authority's signature is checked once
/// for each and not once for each message. All are judged anew when the list of revoked ones
/// changes.
final class KnownCertificates {
    private let authorityFile: String
    private let revokedFile: String?
    private var judge: CertificateJudge
    private var version: FileVersion?
    private var judged: [ContentDigest: Result<DeviceCertificate, Dropped>] = [:]
    private var nextLook = Instant(nanoseconds: .min)

    /// More than devices of one fleet are online with one aggregator; a flood of made-up
    /// certificates costs no more memory than this.
    private static let limit = 200_000
    private static let lookEvery = Duration.seconds(1)

    init(authorityFile: String, revokedFile: String?) throws(IngestFault) {
        self.authorityFile = authorityFile
        self.revokedFile = revokedFile
        version = try FileVersion(of: revokedFile)
        judge = try Self.load(authorityFile, revokedFile)
    }

    /// The certificate of a device, where the fleet's authority vouches for it.
    func judge(_ der: [UInt8], at now: Instant) throws(Dropped) -> DeviceCertificate {
        guard der.count <= Limits.certificateBytes else {
            throw Dropped(.certificate, "it is larger than any of ours")
        }
        let digest = SHA256.hash(der)
        let certificate = try (judged[digest] ?? verdict(on: der, digest, at: now)).get()
        // The only part of the verdict that time changes.
        guard certificate.notBefore <= now, now <= certificate.notAfter else {
            throw Dropped(
                .certificate,
                "it is valid from \(certificate.notBefore) to \(certificate.notAfter)")
        }
        return certificate
    }

    private func verdict(
        on der: [UInt8], _ digest: ContentDigest, at now: Instant
    ) -> Result<DeviceCertificate, Dropped> {
        let verdict: Result<DeviceCertificate, Dropped>
        do throws(CertificateFault) {
            verdict = .success(try judge.judge(der, as: .device, at: now))
        } catch {
            verdict = .failure(
                Dropped(error.code == .revoked ? .revoked : .certificate, error.message))
            // It may count later, or again with a new list.
            if error.code == .expired || error.code == .notYetValid { return verdict }
        }
        if judged.count >= Self.limit { judged.removeAll() }
        judged[digest] = verdict
        return verdict
    }

    /// Reads the list of revoked certificates again where its file is another one than before.
    /// `monotonic` is the monotonic clock. Throws where the new list can't be used; the old one
    /// counts until the file changes again.
    func refresh(at monotonic: Instant) throws(IngestFault) -> Bool {
        guard revokedFile != nil, monotonic >= nextLook else { return false }
        nextLook = monotonic + Self.lookEvery
        let found = try FileVersion(of: revokedFile)
        guard found != version else { return false }
        version = found
        judge = try Self.load(authorityFile, revokedFile)
        judged.removeAll()
        return true
    }

    private static func load(
        _ authorityFile: String, _ revokedFile: String?
    ) throws(IngestFault) -> CertificateJudge {
        let authority = try contents(of: authorityFile)
        let revoked = try revokedFile.map { file throws(IngestFault) in try contents(of: file) }
        do {
            return try CertificateJudge(authorityPEM: authority, revokedPEM: revoked)
        } catch {
            throw IngestFault("the authority \(authorityFile) can't be used: \(error)")
        }
    }

    private static func contents(of file: String) throws(IngestFault) -> [UInt8] {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Root.contents(ofHostFile: file, limit: Limits.credentialFileBytes)
        } catch {
            throw IngestFault(error.description)
        }
        guard let bytes else { throw IngestFault("the file \(file) is missing") }
        return bytes
    }
}

/// What tells one content of a file from another without reading it.
private struct FileVersion: Equatable {
    private let status: FileStatus?

    init(of file: String?) throws(IngestFault) {
        guard let file else {
            status = nil
            return
        }
        do throws(SystemError) {
            status = try Root(DevicePath.parent(of: file)).status(
                of: "/" + DevicePath.name(of: file))
        } catch {
            throw IngestFault(error.description)
        }
    }
}
