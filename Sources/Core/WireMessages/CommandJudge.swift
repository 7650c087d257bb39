package import Documents
package import FleetModel
package import ReleaseTrust

/// A command that is to be obeyed, and who gave it.
package struct BelievedCommand: Equatable, Sendable {
    package let command: OperatorCommand
    package let signer: AllowedSigner
}

/// Decides whether an operator's command is obeyed. It remembers each one until it expires, so that
/// none is obeyed twice.
package struct CommandJudge: Sendable {
    package let channel: ChannelName
    package let verifier: MessageVerifier
    /// Ids of commands that were believed, and until when each is valid.
    private var remembered: [String: Instant] = [:]

    package init(channel: ChannelName, verifier: MessageVerifier) {
        self.channel = channel
        self.verifier = verifier
    }

    /// An operator's clock may be ahead of ours by so much.
    static let clockDifference = Duration.seconds(300)
    /// All of them are given within a quarter of an hour.
    static let rememberedLimit = 1_024

    package mutating func judge(
        _ message: SignedMessage, signers: AllowedSigners, at now: Instant
    ) throws(MessageRefusal) -> BelievedCommand {
        let (command, signer) = try verifier.verified(
            message, as: OperatorCommand.self, signers: signers, issued: \.issued, at: now)
        try command.check(channel)
        guard command.expires > command.issued,
            command.expires <= command.issued + Limits.commandLifetime
        else {
            throw MessageRefusal(
                .tooLong,
                "the command is valid from \(command.issued) to \(command.expires); it must be some time, and at most \(Limits.commandLifetime.flotillaText)"
            )
        }
        guard command.issued <= now + Self.clockDifference else {
            throw MessageRefusal(
                .tooFarAhead,
                "the command was given at \(command.issued), and it is \(now) here: look at both clocks"
            )
        }
        guard now <= command.expires else {
            throw MessageRefusal(
                .expired,
                "the command has expired at \(command.expires), and it is \(now) here: give it again"
            )
        }
        remembered = remembered.filter { $0.value >= now }
        guard remembered[command.id] == nil else {
            throw MessageRefusal(.replayed, "the command \(command.id) was obeyed already")
        }
        guard remembered.count < Self.rememberedLimit else {
            throw MessageRefusal(
                .tooMany, "there were \(Self.rememberedLimit) commands in a quarter of an hour")
        }
        remembered[command.id] = command.expires
        return BelievedCommand(command: command, signer: signer)
    }

    /// What it remembers, to be kept before a command is obeyed.
    package var memory: JSONValue {
        .object(remembered.mapValues { .time($0) })
    }

    /// Remembers what `memory` wrote.
    package mutating func remember(_ node: Node) throws(InvalidDocument) {
        var reader = WireReader(
            Node(
                .mapping([Node.Entry(key: "ids", keyPosition: node.position, value: node)]),
                at: node.position), what: "the memory of commands")
        for entry in reader.entries("ids", limit: Self.rememberedLimit) {
            guard isHexadecimal(entry.key, digits: 32), let expires = entry.value.wireInteger else {
                reader.report("it has a member that is no command with its time")
                continue
            }
            remembered[entry.key] = Instant(milliseconds: expires)
        }
        try reader.finish()
    }
}
