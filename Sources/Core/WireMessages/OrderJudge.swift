package import Digests
package import FleetModel
package import ReleaseTrust

/// An order that is to be obeyed.
package struct BelievedOrder: Equatable, Sendable {
    package let order: Order
    package let signer: AllowedSigner
    /// The SHA-256 of what was signed.
    package let payload: ContentDigest
    /// It is the newest one of its key that was believed before: the broker said it again. Whoever
    /// counts `startsFor` must not begin anew.
    package let isRepeated: Bool
    /// For how long it may start something, from now; zero where it starts nothing, or no more. To
    /// be counted by the monotonic clock, so that a device without a clock can tell.
    package let startsFor: Duration
}

/// Decides whether an order is believed. Pure: the signers, the floors and the time are arguments.
///
/// What stops is obeyed however late it comes; what starts, never.
package struct OrderJudge: Sendable {
    package let channel: ChannelName
    package let verifier: MessageVerifier

    package init(channel: ChannelName, verifier: MessageVerifier) {
        self.channel = channel
        self.verifier = verifier
    }

    /// `now` is the later of known time and a clock that is believed. An order that is believed
    /// raises known time to its `issued`, and the floors by itself.
    package func judge(
        _ message: SignedMessage, signers: AllowedSigners, floors: OrderFloors, at now: Instant
    ) throws(MessageRefusal) -> BelievedOrder {
        let (order, signer) = try verifier.verified(
            message, as: Order.self, signers: signers, issued: \.issued, at: now)
        try order.check(channel)
        // The sequence is the time of issue in milliseconds, or one more than the last.
        let latest = now + Limits.messagesAhead
        guard order.sequence <= latest.milliseconds else {
            throw MessageRefusal(
                .tooFarAhead,
                "the order's sequence \(order.sequence) is more than a day ahead of \(now)")
        }
        let payload = SHA256.hash(message.payload)
        let floor = floors[signer.key]
        if let floor {
            guard order.sequence >= floor.sequence else {
                throw MessageRefusal(
                    .replayed,
                    "the order \(order.sequence) is older than \(floor.sequence), which was believed before"
                )
            }
            guard order.sequence > floor.sequence || payload == floor.payload else {
                throw MessageRefusal(
                    .replayed,
                    "another order with the sequence \(order.sequence) was believed before")
            }
        }
        guard !order.standing.starts || now <= order.expires else {
            throw MessageRefusal(
                .expired,
                "the order would start release \(order.release.short), and has expired at \(order.expires)"
            )
        }
        return BelievedOrder(
            order: order, signer: signer, payload: payload,
            isRepeated: floor?.payload == payload, startsFor: startsFor(order, at: now))
    }

    private func startsFor(_ order: Order, at now: Instant) -> Duration {
        guard order.standing.starts else { return .zero }
        // Known time may be behind: then it is at least the time of issue.
        let rest = min(order.startBefore, order.expires) - max(now, order.issued)
        return max(.zero, rest)
    }
}
