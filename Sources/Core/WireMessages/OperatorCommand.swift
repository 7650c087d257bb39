package import Documents
package import FleetModel

/// What an operator wants of a rollout: signed with his key, and short-lived.
package struct OperatorCommand: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        case pause, resume, abort
    }

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

extension OperatorCommand: SignedPayload {
    package static let messageKind = "command"
    package static let namespace = SignatureNamespace.command

    package var json: JSONValue {
        var members = header(Self.messageKind)
        members["command"] = .string(kind.rawValue)
        members["id"] = .string(id)
        members["release"] = release.map { .id($0) }
        members["reason"] = .prose(reason, limit: Limits.eventDetailBytes)
        members["issued"] = .time(issued)
        members["expires"] = .time(expires)
        return .members(members)
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a command")
        let (fleet, channel) = reader.header(Self.messageKind)
        self.init(
            kind: reader.choice("command", default: .pause), fleet: fleet, channel: channel,
            id: reader.hexadecimal("id", digits: 32), release: reader.optionalObject("release"),
            reason: reader.optionalProse("reason", limit: Limits.eventDetailBytes) ?? "",
            issued: reader.instant("issued"), expires: reader.instant("expires"))
        try reader.finish()
    }
}
