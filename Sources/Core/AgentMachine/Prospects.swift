package import FleetModel

/// What may still come of what an agent has begun.
///
/// A loop that comes round proves little: a machine that waits for an answer which nobody will ever
/// give keeps it coming round for ever. Where nothing can come any more only a new life helps, and the
/// watchdog, which is not fed any more, gives it.
package struct Prospects: Equatable, Sendable {
    package var isIdle: Bool
    /// Something waits to be taken in or carried out. What the disk refuses is tried again.
    package var hasWork: Bool
    /// When the machine does something by itself; the last moment of all where it does not.
    package var wakeAt: Instant
    /// Children that work for the machine and are within their time. One that was killed at its
    /// deadline and does not die is no hope.
    package var runningJobs: Int

    package init(isIdle: Bool, hasWork: Bool, wakeAt: Instant, runningJobs: Int) {
        self.isIdle = isIdle
        self.hasWork = hasWork
        self.wakeAt = wakeAt
        self.runningJobs = runningJobs
    }

    package var areGood: Bool {
        isIdle || hasWork || runningJobs > 0 || wakeAt.nanoseconds != .max
    }
}
