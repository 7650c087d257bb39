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
        case .drift(let paths):
            lastScan = now
            driftCount = paths.count
            driftSince = paths.isEmpty ? nil : driftSince ?? now
            drift = Array(paths.prefix(Self.driftLimit))
        case .healed(let paths):
            let healed = Set(paths)
            drift.removeAll { healed.contains($0) }
            // More may be healed than the list holds.
            driftCount = max(drift.count, driftCount - healed.count)
            if driftCount == 0 { driftSince = nil }
        case .trouble(let reason):
            trouble = reason
        case .postponed(let move, _, let reason, _) where move.purpose == .heal:
            trouble = "healing is put off: \(reason)"
        case .confirmed, .wentBack, .lostLink:
            drift = []
            driftCount = 0
            driftSince = nil
        case .refused, .accepted, .unchanged, .notApplied, .waiting, .rejected, .knownBad, .failed,
            .postponed, .hooksRan, .step:
            break
        }
    }
}
