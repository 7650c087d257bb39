internal import Documents
internal import FleetCertificates
internal import FleetModel
internal import JSONDocument
internal import ReleaseTrust
internal import Signatures
internal import WireMessages

/// Decides whether a message is its device's own word. Everything is bounded first, verified over
/// the bytes as they came, and only then read.
struct BusJudge {
    private let certificates: KnownCertificates
    private let reports: ReportJudge

    init(channel: ChannelName, certificates: KnownCertificates) {
        self.certificates = certificates
        reports = ReportJudge(
            channel: channel,
            verifier: MessageVerifier(checking: LibcryptoSignatures(), parse: parseMessage))
    }

    func judge(_ message: Intake.RawMessage, at now: Instant) throws(DropReason) -> HeardMessage {
        let word: DeviceWord
        switch message.leaf {
        case .presence: word = .presence(try presence(message.payload))
        case .state: word = .state(try verified(message, at: now, reports.state))
        case .events: word = .events(try verified(message, at: now, reports.events))
        case .ack, .commands: throw .topic
        }
        return HeardMessage(device: message.device, word: word)
    }

    private func presence(_ payload: [UInt8]) throws(DropReason) -> Presence {
        do throws(InvalidDocument) {
            return try Presence(reading: try parseMessage(payload))
        } catch {
            throw .malformed
        }
    }

    private func verified<Value>(
        _ message: Intake.RawMessage, at now: Instant,
        _ judge: (SignedMessage, DeviceID, SSHPublicKey) throws(MessageRefusal) -> Value
    ) throws(DropReason) -> Value {
        let signed: SignedMessage
        do throws(MessageRefusal) {
            signed = try reports.verifier.open(message.payload)
        } catch {
            throw DropReason(error.code)
        }
        let key = try key(of: signed, from: message.device, at: now)
        do throws(MessageRefusal) {
            return try judge(signed, message.device, key)
        } catch {
            throw DropReason(error.code)
        }
    }

    /// The key that the fleet's authority says is the device's.
    private func key(
        of message: SignedMessage, from device: DeviceID, at now: Instant
    ) throws(DropReason) -> SSHPublicKey {
        guard let der = message.certificate else { throw .certificate }
        let certificate = try certificates.judge(der, at: now)
        guard certificate.role == .device, let key = certificate.publicKey else {
            throw .certificate
        }
        guard certificate.commonName == device.text else { throw .otherDevice }
        return key
    }
}

extension DropReason {
    init(_ code: MessageRefusal.Code) {
        switch code {
        case .malformed: self = .malformed
        case .notForUs: self = .notForUs
        default: self = .signature
        }
    }
}
