internal import AgentMachine
internal import DeviceRecords
internal import FleetModel

/// The steps of a move, as `history` and the aggregator get them.
extension Ledger {
    /// Nil for a step that did nothing: it is no news, and no reason to write.
    func outcome(
        of step: MoveStep, in move: Move, _ details: EventDetails, at now: Instant
    ) -> Outcome? {
        let kind: String
        let detail: String
        switch step {
        case .units:
            guard !details.changes.isEmpty else { return nil }
            (kind, detail) = ("units", listed(details.changes))
        case .flipped:
            // Of a healing its end says everything.
            guard move.purpose != .heal else { return nil }
            (kind, detail) = ("flipped", "from generation \(move.from)")
        case .needsReboot:
            (kind, detail) = ("needsReboot", "for \(listed(details.changes))")
        case .settling:
            (kind, detail) = ("settling", "the health gate judges from now on")
        }
        return Outcome(
            kind: kind, generation: move.to, detail: detail, at: now, took: details.took)
    }

    func outcome(of result: HookResult, in move: Move, at now: Instant) -> Outcome {
        let end =
            switch result.verdict {
            case .passed: "passed"
            case .notNow: "not now"
            case .failed: "failed"
            }
        return Outcome(
            kind: "hook", generation: move.to,
            detail: "\(result.hook) (\(result.moment.rawValue)) \(end): \(result.detail)",
            at: now, took: result.took)
    }
}
