internal import FleetModel

/// Some changes only count after a boot. Files and units are done by then; the gate judges after it.
extension AgentMachine {
    mutating func needReboot(_ move: Move, at now: Instant) -> [AgentEffect] {
        [.journal(.rebooting, move), .record(.step(move, .needsReboot))] + reboot(move, at: now)
    }

    /// Asks for the boot, and asks again where none comes: nothing else can be done meanwhile.
    mutating func reboot(_ move: Move, at now: Instant) -> [AgentEffect] {
        rebootAgain(move, 1, at: now)
    }

    mutating func rebootAgain(_ move: Move, _ failures: Int, at now: Instant) -> [AgentEffect] {
        state = .rebooting(
            move, failures: failures, until: now + pace.retryDelay(after: failures + 1))
        return [.reboot(move)]
    }

    /// Whether somebody on site may have the device back on `target` now. A generation that waits for
    /// its boot can be left only to where it came from.
    func mayGoBack(to target: Int) -> Bool {
        switch state {
        case .idle: target != current
        case .rebooting(let move, _, _): move.purpose == .upgrade && target == move.from
        default: false
        }
    }
}
