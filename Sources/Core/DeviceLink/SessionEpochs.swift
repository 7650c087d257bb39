internal import FleetModel
internal import WireMessages

/// The numbers of this device's sessions with its broker. A later session has a higher one, so that
/// the death of an earlier one, which the broker may tell late, is not taken for its own.
///
/// One number is kept on the disk and raised once at each start of the agent, by more than the
/// sessions that one life has; within a life they are counted in memory. An idle device with a bad
/// network wears out no flash.
package struct SessionEpochs: Equatable, Sendable {
    /// How many sessions one number on the disk is good for.
    package static let step: Int64 = 1 << 16
    /// Nothing may push a device to where its numbers end: what is above is nobody's epoch.
    package static let highest = Limits.highestEpoch - (1 << 40)

    /// Kept on the disk; nil for a device that has no memory.
    package private(set) var kept: Int64?
    private var next: Int64?
    /// They began with the clocks, as the disk does not remember.
    private(set) var areOfClock = false

    /// `memory` is what the disk still knows.
    package init(memory: Int64?) {
        guard let memory, (0...Self.highest).contains(memory) else { return }
        begin(above: memory)
    }

    /// The epoch that the next session gets; nil while there is no memory.
    package var upcoming: Int64? { next }

    /// The epoch of a new session; nil while there is no memory.
    mutating func take() -> Int64? {
        guard let epoch = next, let kept else { return nil }
        next = epoch + 1
        // The next life begins a step above what is kept, and must not meet this one's.
        if epoch + 1 >= kept + Self.step { self.kept = epoch + 1 }
        return epoch
    }

    /// Begins above all that the disk knows, at a number that no other life has: the disk may know
    /// the same again in the next one, but then it is later. Where the clock is behind what is kept,
    /// the time since the machine's start must do.
    mutating func begin(atLeast moment: LinkMoment) {
        let sinceStart = max(moment.monotonic.milliseconds, 0)
        begin(above: max((kept ?? 0) + sinceStart, moment.wall.milliseconds))
        areOfClock = true
    }

    /// Begins above a number that somebody remembers of this device.
    mutating func begin(above known: Int64) {
        let start = min(max(known, 0), Self.highest) + Self.step
        kept = start
        next = start
    }
}
