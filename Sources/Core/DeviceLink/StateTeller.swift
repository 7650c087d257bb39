internal import FleetModel
internal import WireMessages

/// Decides when the reported state is told: at once where something of weight changed, after a
/// moment where only the phase did or a move is under way, and now and then where nothing did. The
/// newest wins; what is over before it was told is never told.
struct StateTeller: ~Copyable, Sendable {
    private let pace: LinkPace
    private var newest: ReportedState?
    /// What this session's broker was told last.
    private var told: ReportedState?
    private var toldAt = Instant(nanoseconds: 0)
    /// Of this session.
    private var sequence: Int64 = 0
    /// When a change is to be told; nil where there is none.
    private var changeDue: Instant?
    /// Each telling moves it on by `stateSpacing`; it may run ahead of the time by a burst.
    private var allowance = Instant(nanoseconds: 0)

    init(pace: LinkPace) { self.pace = pace }

    /// A new session: the broker is told whatever the state is.
    mutating func begin() {
        told = nil
        changeDue = nil
        sequence = 0
    }

    /// What the device now says of itself. Epoch, sequence and time are filled in when it is told.
    mutating func changed(to state: ReportedState, at now: Instant) {
        newest = state
        guard let told else { return }
        if state == told {
            changeDue = nil
        } else {
            let due = now + patience(from: told, to: state)
            changeDue = min(changeDue ?? due, due)
        }
    }

    private func patience(from told: ReportedState, to state: ReportedState) -> Duration {
        var state = state
        state.phase = told.phase
        // A move goes from step to step, and each of them is soon over.
        if state == told || !state.confirmed { return pace.phasePatience }
        // Orders are renewed all the time while a wave is open.
        state.order = told.order
        return state == told ? pace.orderPatience : .zero
    }

    /// When something is to be told, at the latest.
    var dueAt: Instant {
        if newest == nil { return Instant(nanoseconds: .max) }
        if told == nil { return Instant(nanoseconds: .min) }
        let again = toldAt + pace.stateInterval
        guard let changeDue else { return again }
        let allowed = allowance + pace.stateSpacing * -pace.stateBurst
        return min(again, max(changeDue, allowed))
    }

    mutating func take(epoch: Int64, at moment: LinkMoment) -> ReportedState? {
        let now = moment.monotonic
        guard now >= dueAt, let newest else { return nil }
        allowance = max(allowance, now) + pace.stateSpacing
        told = newest
        toldAt = now
        changeDue = nil
        sequence += 1
        var state = newest
        state.epoch = epoch
        state.sequence = sequence
        state.at = moment.wall
        return state
    }
}
