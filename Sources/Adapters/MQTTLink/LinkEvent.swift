/// What happened on a link, in the order in which it happened.
package enum LinkEvent: Equatable, Sendable {
    /// The broker welcomes us. Where it remembers no session, all subscriptions are to be made.
    case connected(sessionPresent: Bool)
    /// The connection is over, or never came about; comes once for each `connect`. What was in
    /// flight is forgotten: who wants it to be heard publishes it again. `isRefusal`: either side
    /// does not want the other, so that trying again at once is in vain.
    case disconnected(reason: String, isRefusal: Bool)
    /// The broker has (quality 1) or was sent (quality 0) a message. A reason of 128 and above is a
    /// refusal: nobody gets it.
    case published(id: Int32, reason: UInt8)
    case received(LinkMessage)
    /// One reason for each filter; 128 and above is a refusal.
    case subscribed(id: Int32, reasons: [UInt8])
}

/// What a link does not do.
package enum LinkError: Error, Equatable, Sendable, CustomStringConvertible {
    case notConnected
    /// As much is in flight as may be; again after the next `published`, or when the socket takes
    /// bytes again.
    case busy
    /// The arguments, settings or files can't be used.
    case invalid(String)
    /// The system or the library refuses.
    case failed(String)

    package var description: String {
        switch self {
        case .notConnected: "not connected to a broker"
        case .busy: "too much is in flight to the broker"
        case .invalid(let message), .failed(let message): message
        }
    }
}
