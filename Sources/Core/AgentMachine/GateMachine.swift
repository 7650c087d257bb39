package import FleetModel

/// Judges rounds of checks: has the generation been healthy for long enough, or for too long not?
///
/// All checks must hold for `settle` without a break. When `deadline` has passed, the first round
/// that does not hold is the end. Checks that failed before the flip don't count.
package struct GateMachine: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case again(after: Duration)
        case passed
        case failed(reason: String)
    }

    private let gate: HealthGate
    private let wasFailing: Set<String>
    private let started: Instant
    private var healthySince: Instant?

    package init(gate: HealthGate, wasFailing: [String], started: Instant) {
        self.gate = gate
        self.wasFailing = Set(wasFailing)
        self.started = started
    }

    /// Takes one round of results. A check without a result counts as failed.
    package mutating func observed(_ results: [CheckResult], at now: Instant) -> Verdict {
        let byCheck = Dictionary(
            results.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
        let failing = gate.checks.filter { check in
            !wasFailing.contains(check.id) && byCheck[check.id]?.passed != true
        }
        guard let worst = failing.first else {
            let since = healthySince ?? now
            healthySince = since
            // Without checks there is nothing to wait for.
            if gate.checks.isEmpty || now - since >= gate.settle { return .passed }
            return .again(after: min(gate.interval, gate.settle - (now - since)))
        }
        healthySince = nil
        if now - started >= gate.deadline {
            let detail = byCheck[worst.id]?.detail ?? "no result"
            let others = failing.count > 1 ? " (and \(failing.count - 1) more)" : ""
            return .failed(reason: "check \(worst.id) failed: \(detail)\(others)")
        }
        return .again(after: gate.interval)
    }
}
