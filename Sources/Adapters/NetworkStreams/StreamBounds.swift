package import FleetModel
internal import HostSystem

/// How much patience and space one connection may cost.
package struct StreamBounds: Sendable {
    /// Of the monotonic clock; for everything after the name was looked up.
    package var deadline: Instant
    /// How long one answer may take, where that is less.
    package var idleTimeout: Duration?
    /// What may come over the wire, TLS included.
    package var receivedLimit = Int.max

    package init(deadline: Instant) { self.deadline = deadline }

    /// When a wait that begins now is over.
    var endOfWait: Instant {
        guard let idleTimeout else { return deadline }
        return min(deadline, Clocks.monotonic() + idleTimeout)
    }
}
