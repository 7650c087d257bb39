package import FleetModel
package import ReleaseTrust
package import WireMessages

/// What the link's machine is told. `resolve` and `connect` are answered by exactly one of these.
package enum LinkInput: Equatable, Sendable {
    /// Time went by.
    case tick

    case resolved([String])
    case resolveFailed(String)
    case connected
    /// The connection ended, or never came about.
    case disconnected(reason: String, isRefusal: Bool)
    /// The broker listens for what this session asked for.
    case subscribed
    /// Everything that was told in this session has reached the broker.
    case settled

    /// What the broker kept of this device's own last session.
    case recalled(Presence)
    case acknowledged(SignedMessage)
    case ordered(SignedMessage)

    /// What the ledger holds and the outbox may not hold yet, in rising sequence.
    case happened([DeviceEvent])
    /// What the device now says of itself. Epoch, sequence, time, order and staleness are the
    /// link's own, and filled in by it.
    case reported(ReportedState)
    /// Where trust stands.
    case trusted(LinkTrust)
    /// A connection that stands proves nothing any more, for the way to the broker was changed.
    case reconnect
    /// The disk does not take what `keepEpoch` wanted.
    case epochNotKept
    /// The orderly end of the agent.
    case stop
}

/// What the trust head means for the link.
package struct LinkTrust: Equatable, Sendable {
    package var signers: AllowedSigners
    /// The last release that the device accepted.
    package var head: Revision
    /// Its committer's time: no time before it is believed.
    package var committed: Instant

    package init(signers: AllowedSigners, head: Revision, committed: Instant) {
        self.signers = signers
        self.head = head
        self.committed = committed
    }

    package init(_ head: TrustHead) {
        self.init(
            signers: head.allowedSigners, head: head.release, committed: head.committed)
    }
}
