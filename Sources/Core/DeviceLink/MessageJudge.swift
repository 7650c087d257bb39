package import FleetModel
package import ReleaseTrust
package import WireMessages

/// What is believed of what comes from the bus. Signatures and JSON are the business of adapters, so
/// a shell puts it together; a simulation believes what it likes.
package struct MessageJudge: Sendable {
    package enum OrderVerdict: Equatable, Sendable {
        /// Also by which key.
        case believed(Order, key: String)
        case unknownKey
        /// It, or a later one, came before: a broker gives what it keeps to every session.
        case known
        case refused(String)
    }

    /// What a verdict depends on besides the message.
    package struct Circumstances: Sendable {
        package var identity: LinkIdentity
        package var signers: AllowedSigners
        /// The last sequence of each key, by its text.
        package var floors: [String: Int64]
        /// No time before it is possible.
        package var known: Instant
        /// What the clock says.
        package var wall: Instant
    }

    let order: @Sendable (SignedMessage, Circumstances) -> OrderVerdict
    let acknowledgement: @Sendable (SignedMessage, Circumstances) -> Acknowledgement?

    package init(
        order: @escaping @Sendable (SignedMessage, Circumstances) -> OrderVerdict,
        acknowledgement: @escaping @Sendable (SignedMessage, Circumstances) -> Acknowledgement?
    ) {
        self.order = order
        self.acknowledgement = acknowledgement
    }
}
