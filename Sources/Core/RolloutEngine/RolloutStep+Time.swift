internal import FleetModel

/// What a clock does besides going on: it jumps, and it is set back.
extension RolloutStep {
    /// A look that is late missed something; a clock that was set back made what is remembered lie
    /// ahead. Either way what has to last begins to last anew.
    mutating func noteTime() {
        defer { state.lastStep = now }
        guard let last = state.lastStep else { return }
        if now < last {
            setBack()
        } else if now - last > pace.longestGap {
            startSoakAnew()
            if now - last > Self.day {
                state.leap = .init(from: last, sequence: state.lastSequence)
            }
        }
    }

    mutating func startSoakAnew() {
        if state.current?.wellSince != nil { state.current?.wellSince = now }
    }

    /// Nothing that is remembered may lie ahead: it would last until the clock is there again.
    /// Devices hear of it by a new order, for the last one may be of a time that never was.
    private mutating func setBack() {
        startSoakAnew()
        guard var rollout = state.current else { return }
        rollout.since = min(rollout.since, now)
        rollout.openSince = min(rollout.openSince, now)
        rollout.closedAt = rollout.closedAt.map { min($0, now) }
        rollout.forgivenUntil = rollout.forgivenUntil.map { min($0, now) }
        rollout.missedUntil = rollout.missedUntil.map { min($0, now) }
        for wave in rollout.openWaves.indices {
            rollout.openWaves[wave].opened = min(rollout.openWaves[wave].opened, now)
        }
        if hasLeapt {
            state.lastSequence = state.leap?.sequence ?? 0
            for wave in rollout.openWaves.indices {
                rollout.openWaves[wave].sequence = min(
                    rollout.openWaves[wave].sequence, nextSequence)
            }
            state.leap = nil
        }
        state.current = rollout
        mustPublish = rollout.needsOrders
    }

    private static let day = Duration.seconds(24 * 3_600)

    /// Whether the last leap of the clock was wrong and is undone. No device whose clock is right
    /// has believed the orders of that time, which were more than a day ahead, so their numbers are
    /// taken back: else none would be believed for as long as the leap was, the stopping ones
    /// included. A clock that is behind all that was known is wrong itself, and no reason for that.
    private var hasLeapt: Bool {
        guard let leap = state.leap, now >= leap.from else { return false }
        return state.lastSequence > (now + Self.day).nanoseconds / 1_000_000
    }
}
