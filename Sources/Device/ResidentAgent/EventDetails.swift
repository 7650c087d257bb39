internal import AgentMachine
internal import Documents
internal import FleetModel

/// What only the loop knows of an event.
struct EventDetails {
    /// How long it took, where it is something that takes time.
    var took: Duration?
    /// What was changed, a line each; for steps that change something.
    var changes: [String] = []

    static let none = EventDetails()
}

/// Measures how long moves and their steps take, in this life of the agent.
struct Stopwatch {
    private var moveBegan: Instant?
    private var stepBegan: Instant?

    /// A step begins with what asks for it.
    mutating func note(_ effect: AgentEffect, at now: Instant) {
        switch effect {
        case .compare:
            moveBegan = now
        case .restage(let move):
            // The beginning of a way back, of a healing, or of what goes on after a start.
            if moveBegan == nil || move.purpose != .upgrade { moveBegan = now }
        case .changeUnits, .flip:
            stepBegan = now
        case .forgetJournal, .discard, .discardUnfinished:
            moveBegan = nil
        case .fetch, .stage, .probe, .journal, .scan, .record, .runHooks, .seeUnits, .reboot,
            .reconnect, .askGit, .look, .healUnits:
            break
        }
    }

    func took(_ event: AgentEvent, at now: Instant) -> Duration? {
        switch event {
        case .step(_, .units), .step(_, .flipped): stepBegan.map { now - $0 }
        case .confirmed, .wentBack, .lostLink, .failed, .healed: moveBegan.map { now - $0 }
        default: nil
        }
    }
}

extension Duration {
    /// For people: `0.84 s`, `3 min 20 s`.
    var shown: String {
        let seconds = components.seconds
        if seconds >= 60 { return "\(seconds / 60) min \(seconds % 60) s" }
        let hundredths = flotillaNanoseconds / 10_000_000 % 100
        return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths) s"
    }
}
