internal import FleetModel

/// When libmosquitto must be asked to look at its keep-alive: never later than it would act, and
/// not every second either, for a device sleeps in between.
struct Traffic {
    var keepAlive: Duration
    private var packets = 0
    private var written: UInt64 = 0
    private var lastReceived: Instant
    private var lastSent: Instant
    /// libmosquitto counts in seconds; so soon after a look in vain it is asked again.
    private var earliest: Instant

    init(keepAlive: Duration, at now: Instant) {
        self.keepAlive = keepAlive
        (lastReceived, lastSent, earliest) = (now, now, now)
    }

    var nextCheck: Instant { max(min(lastReceived, lastSent) + keepAlive, earliest) }

    mutating func note(packets: Int, written: UInt64, at now: Instant) {
        if packets != self.packets {
            self.packets = packets
            lastReceived = now
        }
        sent(written: written, at: now)
    }

    mutating func sent(written: UInt64, at now: Instant) {
        guard written != self.written else { return }
        self.written = written
        lastSent = now
    }

    mutating func checked(at now: Instant) { earliest = now + .seconds(1) }
}
