package import WireMessages

/// What the link's machine wants done, in this order.
package enum LinkEffect: Equatable, Sendable {
    /// Look the broker's name up. Answered by `resolved` or `resolveFailed`, in bounded time: the
    /// machine waits for it without a deadline of its own.
    case resolve
    /// Connect to one address of the broker. Answered by `connected` or `disconnected`.
    case connect(address: String, will: Presence?)
    /// End the session in an orderly way, so that the will is not told; or give up on a connection
    /// that is not there yet. Not answered.
    case disconnect
    case subscribe([String])
    /// Sign it where it is to be signed, and send it.
    case tell(LinkMessageContent)

    /// Keep it on the disk; `epochNotKept` answers where that fails.
    case keepEpoch(Int64)
    case keepOutbox([OutboxRecord])
    case keepOrder(OrderMemory)

    /// What the newest believed order means here, with monotonic times; nil where there is none.
    case orderChanged(OpenOrder?)
    case linkChanged(isUp: Bool)
    /// Git may have keys that are not known here yet.
    case wantFetch
    /// Something for people.
    case say(String)
}

package enum LinkMessageContent: Equatable, Sendable {
    case presence(Presence)
    case state(ReportedState)
    case events(EventBatch)
}
