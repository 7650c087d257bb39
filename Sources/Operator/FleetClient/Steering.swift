package import Documents
package import FleetModel
package import FleetTools
internal import WireMessages

/// Something that an operator wants of a rollout: a command of his own, signed by his own key. The
/// aggregator obeys the signature, and not who may reach it.
package struct Steering: Sendable {
    package enum Wish: String, Sendable {
        case pause, resume, abort

        fileprivate var kind: OperatorCommand.Kind {
            switch self {
            case .pause: .pause
            case .resume: .resume
            case .abort: .abort
            }
        }
    }

    package static let namespace = SignatureNamespace.command
    /// How long a command may be on its way. Long enough for a passphrase and a finger on a key.
    private static let validity = Duration.seconds(300)

    package let wish: Wish
    package let channel: ChannelName
    package let rollout: Rollout
    private let reason: String
    private let server: FleetServer

    /// Looks at what there is to steer.
    ///
    /// - Parameter expected: The channel that it must be; nil takes the one that the aggregator
    ///   serves.
    package init(
        _ wish: Wish, of server: FleetServer, expecting expected: String?, reason: String
    ) async throws(OperatorError) {
        let picture = try await server.channel()
        let channel = picture.channel
        let named = try expected.map { (text) throws(OperatorError) in try Self.channel(text) }
        guard named == nil || named == channel else {
            throw OperatorError(
                .refused,
                "\(server.access.url) serves `\(channel)` and not `\(expected ?? "")`",
                fix: "Check --server and --channel: one of them is for another fleet.")
        }
        guard let rollout = picture.current else {
            throw OperatorError(
                .refused, "there is no rollout on \(channel) to \(wish.rawValue)",
                fix: "Look at `flotilla rollout status`.")
        }
        self.wish = wish
        self.channel = channel
        self.rollout = rollout
        self.reason = reason
        self.server = server
    }

    private static func channel(_ text: String) throws(OperatorError) -> ChannelName {
        if let name = ChannelName(text) { return name }
        throw OperatorError(
            .usage, "`\(text)` is not a fleet and a channel", fix: "Write it as FLEET/CHANNEL.")
    }

    /// What it would do, for somebody who must agree to it.
    package var question: String {
        let left = max(0, rollout.affected - rollout.arrived)
        return "\(wish.rawValue) the rollout of \(rollout.release.short) on \(channel)? "
            + "\(counted(rollout.arrived, "device")) will keep it, \(left) will not get it"
    }

    /// Signs the command and sends it.
    package func send(
        signingWith signer: GitSigner, at now: Instant,
        using generator: inout some RandomNumberGenerator
    ) async throws(OperatorError) -> SteeringReport {
        let command = OperatorCommand(
            kind: wish.kind, fleet: channel.fleet, channel: channel.channel,
            id: Self.id(using: &generator), release: rollout.release, reason: reason, issued: now,
            expires: now + Self.validity)
        let payload = command.json.canonical
        let signature = try await signer.sign(payload, namespace: Self.namespace)
        let message = SignedMessage(
            payload: Array(payload.utf8), signature: signature, certificate: nil)
        let answer = try await server.post(
            "/v1/commands", Array(message.json.canonical.utf8))
        return SteeringReport(
            wish: wish, channel: channel, release: rollout.release, commandID: command.id,
            standing: answer.text("standing"), answer: answer.json)
    }

    /// 32 hexadecimal digits that nobody had before.
    private static func id(using generator: inout some RandomNumberGenerator) -> String {
        (0..<16).map { _ in
            let digits = String(UInt8.random(in: 0...255, using: &generator), radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

/// What came of a command.
package struct SteeringReport: Report {
    fileprivate let wish: Steering.Wish
    fileprivate let channel: ChannelName
    fileprivate let release: Revision
    fileprivate let commandID: String
    fileprivate let standing: String?
    fileprivate let answer: JSONValue

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        answer.adding([
            "ok": true, "status": 0, "command": .string(wish.rawValue),
            "id": .string(commandID), "channel": .string(channel.description),
            "release": .string(release.text),
        ])
    }

    package func lines(on terminal: Terminal) -> [String] {
        let now = standing.map { ": it is \($0) now" } ?? ""
        return [
            terminal.styled("\(wish.rawValue) accepted", .green)
                + " for the rollout of \(release.short) on \(channel)\(now)"
        ]
    }
}
