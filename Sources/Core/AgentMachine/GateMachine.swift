package import FleetModel

/// Judges rounds of checks: has the generation been healthy for long enough, or for too long not?
///
/// All checks must hold for `settle` without a break. When `deadline` has passed, the first round
/// that does not hold is the end. Checks that failed before the flip don't count, unless the gate
/// wants all of them.
package struct GateMachine: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case again(after: Duration)
        case passed
        case failed(reason: String)
    }

    private let gate: HealthGate
    private let forgiven: Set<String>
    private let started: Instant
    /// How long the checks have held without a break.
    package private(set) var held: Duration
    /// The last round, where it was good.
    private var lastGood: Instant?
    /// What each check said of itself in the round before, where it says such things.
    private var marks: [String: String] = [:]

    /// `held` is what was held before the device was switched off in the middle.
    package init(
        gate: HealthGate, wasFailing: [String], started: Instant, held: Duration = .zero
    ) {
        self.gate = gate
        forgiven = gate.scope == .all ? [] : Set(wasFailing)
        self.started = started
        self.held = held
    }

    /// Takes one round of results. A check without a result counts as failed.
    package mutating func observed(_ results: [CheckResult], at now: Instant) -> Verdict {
        let byCheck = Dictionary(
            results.map { ($0.check, $0) }, uniquingKeysWith: { first, _ in first })
        var faults: [String] = []
        for check in gate.checks where !forgiven.contains(check.id) {
            if let fault = fault(of: check.id, byCheck[check.id]) {
                faults.append("check \(check.id) failed: \(fault)")
            }
        }
        guard let first = faults.first else { return heldOut(at: now) }
        held = .zero
        lastGood = nil
        if now - started >= gate.deadline {
            let others = faults.count > 1 ? " (and \(faults.count - 1) more)" : ""
            return .failed(reason: first + others)
        }
        return .again(after: gate.interval)
    }

    private mutating func heldOut(at now: Instant) -> Verdict {
        if let lastGood { held += now - lastGood }
        lastGood = now
        // Without checks there is nothing to wait for.
        if gate.checks.isEmpty || held >= gate.settle { return .passed }
        return .again(after: min(gate.interval, gate.settle - held))
    }

    /// What is wrong with a check in this round. What came back by itself since the last round was
    /// away in between, though nobody saw it.
    private mutating func fault(of check: String, _ result: CheckResult?) -> String? {
        let before = marks[check]
        marks[check] = result.flatMap { $0.passed ? $0.mark : nil }
        guard let result else { return "no result" }
        guard result.passed else { return result.detail }
        guard let before, let mark = result.mark, before != mark else { return nil }
        return "it was started again while it settled (\(mark); before \(before))"
    }
}
