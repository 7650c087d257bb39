package import Documents

/// What each kind of message is signed for, so that no signature counts for another kind.
package enum SignatureNamespace {
    package static let order = "flotilla-order"
    package static let command = "flotilla-command"
    package static let report = "flotilla-report"
    package static let acknowledgement = "flotilla-ack"
}

/// What is signed and sent on the bus. Each payload says first what it is, and for which fleet,
/// channel and audience; its reader compares all of it, for topics only route.
package protocol SignedPayload: Equatable, Sendable {
    static var namespace: String { get }
    var fleet: String { get }
    var channel: String { get }
    var json: JSONValue { get }
    init(reading node: Node) throws(InvalidDocument)
}

extension SignedPayload {
    /// The bytes that are signed.
    package var payload: [UInt8] { Array(json.canonical.utf8) }

    /// The members that each payload begins with.
    func header(_ kind: String, audience: String = "*") -> [String: JSONValue?] {
        [
            "version": 1, "kind": .string(kind), "fleet": .string(fleet),
            "channel": .string(channel), "audience": .string(audience),
        ]
    }
}

extension WireReader {
    /// Reads the rest of what every payload begins with.
    mutating func header(_ kind: String, audience: String? = "*") -> (
        fleet: String, channel: String
    ) {
        version()
        expect("kind", kind)
        if let audience { expect("audience", audience) }
        return (name("fleet"), name("channel"))
    }
}
