package import Documents
package import FleetModel

/// What an operator wants of a rollout: signed with his key, and short-lived.
package struct OperatorCommand: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        case pause, resume, abort
    }

    /// The longest life of a command.
    package static let longestLife = Limits.commandLifetime

    package var kind: Kind
    package var fleet: String
    package var channel: String
    /// 32 hexadecimal digits that nobody used before: a command counts once.
    package var id: String
    /// The rollout that is meant; nil is the one under way.
    package var release: Revision?
    package var reason: String
    package var issued: Instant
    package var expires: Instant

    package init(
        kind: Kind, fleet: String, channel: String, id: String, release: Revision? = nil,
        reason: String, issued: Instant, expires: Instant
    ) {
        self.kind = kind
        self.fleet = fleet
        self.channel = channel
        self.id = id
        self.release = release
        self.reason = reason
        self.issued = issued
        self.expires = expires
    }
}

extension OperatorCommand {
    package static let messageKind = "command"

    package var json: JSONValue {
        [
            "version": 1, "kind": .string(Self.messageKind), "command": .string(kind.rawValue),
            "fleet": .string(fleet), "channel": .string(channel), "audience": "*",
            "id": .string(id), "release": .optional(release?.text), "reason": .string(reason),
            "issued": issued.wireValue, "expires": expires.wireValue,
        ]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a command")
        reader.expect("kind", Self.messageKind)
        reader.expect("audience", "*")
        self.init(
            kind: reader.choice("command", default: .pause), fleet: reader.name("fleet"),
            channel: reader.name("channel"), id: reader.text("id", limit: 64),
            release: reader.optionalObject("release"), reason: reader.text("reason"),
            issued: reader.instant("issued"), expires: reader.instant("expires"))
        try reader.finish()
    }
}
