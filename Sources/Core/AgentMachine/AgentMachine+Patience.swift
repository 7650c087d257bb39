internal import FleetModel

/// What the disk refuses. Most of it is over in a moment, and a moment is what it should cost: after
/// the commit point a move is tried again soon, a few times. Then an upgrade goes back, and a way
/// back, which has nowhere else to go, is tried ever more rarely.
extension AgentMachine {
    /// Whether the move that is under way is to be tried once more before anything else is decided.
    var mayTrySoon: Bool { failedTries < AgentPace.soon.count }

    /// Whether the next try is so far off that nobody should wait for it.
    var isStuckForLong: Bool { failedTries > AgentPace.soon.count }

    mutating func tryLater(
        _ move: Move, _ course: Course, because reason: String, at now: Instant
    ) -> [AgentEffect] {
        // What is not healed is found again by the next look.
        if move.purpose == .heal {
            return [.record(.trouble(reason)), .forgetJournal] + healUnits()
        }
        let delay =
            mayTrySoon
            ? AgentPace.soon[failedTries]
            : pace.retryDelay(after: failedTries - AgentPace.soon.count + 1)
        failedTries += 1
        state = .stuck(move, course, until: now + delay)
        return [.record(.trouble(reason))]
    }
}

extension Move.Purpose {
    /// A word for reports and for `status`.
    var phase: String {
        switch self {
        case .upgrade: "applying"
        case .goBack: "goingBack"
        case .heal: "healing"
        }
    }
}
