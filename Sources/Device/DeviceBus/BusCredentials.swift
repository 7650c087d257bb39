internal import DeviceLink
internal import Digests
internal import FleetCertificates
internal import FleetModel
internal import HostSystem
internal import MQTTLink
internal import NetworkStreams
internal import ReleaseTrust
internal import Signatures
internal import WireMessages

/// This device's key and certificate: with them it shows the broker who it is, and signs what it
/// says. They are read when the link is made, and for each connection, so that a wrong file is told by
/// its name and not by a handshake that fails.
struct BusCredentials {
    private let key: SigningKey
    private let certificate: DeviceCertificate
    private let caFile: String
    private let certificateFile: String
    private let keyFile: String
    /// Of all that the files hold.
    let digest: ContentDigest

    init(_ settings: BusSettings, root: Root) throws(BusError) {
        let authority = try Self.bytes(settings.ca, root)
        let pem = try Self.bytes(settings.certificate, root)
        do throws(CertificateFault) {
            certificate = try DeviceCertificate(pem: pem)
        } catch {
            throw BusError("\(settings.certificate): \(error.message)")
        }
        let secret = try Self.bytes(settings.key, root)
        do throws(MalformedInput) {
            key = try SigningKey(pemFile: secret)
        } catch {
            throw BusError("the key \(settings.key) \(error.message)")
        }
        let identity = settings.identity
        guard certificate.device == identity.device,
            certificate.fleet == identity.channel.fleet
        else {
            throw BusError(
                "the certificate \(settings.certificate) is for the \(certificate.role.rawValue) "
                    + "`\(certificate.commonName)` of `\(certificate.fleet)`, and this is the device "
                    + "`\(identity.device)` of `\(identity.channel.fleet)`")
        }
        guard certificate.publicKey == key.publicKey else {
            throw BusError(
                "the key \(settings.key) is not the one of the certificate "
                    + settings.certificate)
        }
        digest = SHA256.hash([authority, pem, secret].flatMap { SHA256.hash($0).bytes })
        caFile = root.hostPath(of: settings.ca)
        certificateFile = root.hostPath(of: settings.certificate)
        keyFile = root.hostPath(of: settings.key)
    }

    private static func bytes(_ path: String, _ root: Root) throws(BusError) -> [UInt8] {
        do throws(SystemError) {
            let bytes = try root.readFile(path, limit: Limits.credentialFileBytes)
            if let bytes { return bytes }
        } catch {
            throw BusError("\(error)")
        }
        throw BusError("\(path), which `broker:` names, is missing")
    }

    /// When the certificate ends.
    var notAfter: Instant { certificate.notAfter }

    func settings(
        for settings: BusSettings, will: LinkMessage?, notBefore: Instant?
    ) -> LinkSettings {
        var tls = TLSSettings()
        tls.authoritiesFile = caFile
        tls.certificateFile = certificateFile
        tls.keyFile = keyFile
        tls.notBefore = notBefore
        var link = LinkSettings(clientID: settings.identity.device.text, tls: tls)
        link.will = will
        link.payloadLimit = Limits.mqttPayloadBytes
        return link
    }

    /// The message as it travels.
    func signed(_ content: some SignedPayload) -> [UInt8] {
        SignedMessage(content, certificate: certificate.der) { bytes, namespace in
            key.sign(bytes, namespace: namespace)
        }.bytes
    }
}
