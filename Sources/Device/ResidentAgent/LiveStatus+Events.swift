internal import AgentMachine
internal import DeviceRecords
internal import FleetModel

extension LiveStatus {
    /// Takes in what happened.
    mutating func note(_ event: AgentEvent, at now: Instant) {
        switch event {
        case .fetchFailed(let reason):
            lastFetch = now
            fetchProblem = reason
        case .fetchWorks:
            lastFetch = now
            fetchProblem = nil
            trouble = nil
        case .drift(let drifts):
            lastScan = now
            driftCount = drifts.count
            driftSince = drifts.map(\.since).min()
            // Who looks at a bounded list should see the fights.
            let contested = drifts.filter { $0.standing == .contested }
            contestedCount = contested.count
            drift = Array(
                (contested + drifts.filter { $0.standing != .contested }).prefix(Self.driftLimit))
        case .healed(let subjects):
            let healed = Set(subjects)
            drift.removeAll { $0.standing == .healing && healed.contains($0.subject) }
            // More may be healed than the list holds.
            driftCount = max(drift.count, driftCount - healed.count)
            driftSince = driftCount == 0 ? nil : drift.map(\.since).min() ?? driftSince
        case .trouble(let reason):
            trouble = reason
        case .postponed(let move, _, let reason, _) where move.purpose == .heal:
            trouble = "healing is put off: \(reason)"
        case .confirmed, .wentBack, .lostLink:
            drift = []
            driftCount = 0
            contestedCount = 0
            driftSince = nil
        case .refused, .accepted, .unchanged, .notApplied, .waiting, .rejected, .knownBad, .failed,
            .postponed, .hooksRan, .step, .contested:
            break
        }
    }
}
