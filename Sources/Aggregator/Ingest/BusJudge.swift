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

    func judge(_ message: Intake.RawMessage, at now: Instant) throws(Dropped) -> HeardMessage {
        let word: DeviceWord
        switch message.leaf {
        case .presence: word = .presence(try presence(message.payload))
        case .state: word = .state(try verified(message, at: now, reports.state))
        case .events: word = .events(try verified(message, at: now, reports.events))
        case .ack, .commands: throw Dropped(.topic, "no device says that")
        }
        return HeardMessage(device: message.device, word: word)
    }

    private func presence(_ payload: [UInt8]) throws(Dropped) -> Presence {
        do throws(InvalidDocument) {
            return try Presence(reading: try parseMessage(payload))
        } catch {
            throw Dropped(.malformed, error.diagnostics[0].message)
        }
    }

    private func verified<Value>(
        _ message: Intake.RawMessage, at now: Instant,
        _ judge: (SignedMessage, DeviceID, SSHPublicKey) throws(MessageRefusal) -> Value
    ) throws(Dropped) -> Value {
        let signed: SignedMessage
        do throws(MessageRefusal) {
            signed = try reports.verifier.open(message.payload)
        } catch {
            throw Dropped(error)
        }
        let key = try key(of: signed, from: message.device, at: now)
        do throws(MessageRefusal) {
            return try judge(signed, message.device, key)
        } catch {
            throw Dropped(error)
        }
    }

    /// The key that the fleet's authority says is the device's.
    private func key(
        of message: SignedMessage, from device: DeviceID, at now: Instant
    ) throws(Dropped) -> SSHPublicKey {
        guard let der = message.certificate else {
            throw Dropped(.certificate, "it brings none")
        }
        let certificate = try certificates.judge(der, at: now)
        guard let key = certificate.publicKey else {
            throw Dropped(.certificate, "its key can't sign messages")
        }
        guard certificate.device == device else {
            throw Dropped(.otherDevice, "its certificate is of `\(certificate.commonName)`")
        }
        return key
    }
}

extension Dropped {
    init(_ refusal: MessageRefusal) {
        let reason: DropReason =
            switch refusal.code {
            case .malformed: .malformed
            case .notForUs: .notForUs
            default: .signature
            }
        self.init(reason, refusal.message)
    }
}
