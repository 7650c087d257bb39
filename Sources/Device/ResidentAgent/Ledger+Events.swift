internal import AgentMachine
internal import DeviceRecords
internal import FleetModel

extension Ledger {
    /// Takes in what happened. `generation` gives the record of a number, where there is one.
    ///
    /// - Returns: whether anything changed: an idle device writes nothing.
    mutating func note(
        _ event: AgentEvent, at now: Instant, generation: (Int) -> GenerationRecord?
    ) -> Bool {
        let before = self
        switch event {
        case .fetchFailed, .fetchWorks, .drift, .trouble:
            break
        case .accepted:
            if alarm?.kind == "refused" { alarm = nil }
        case .refused(let refusal):
            raise(
                Outcome(
                    kind: "refused", revision: refusal.revision,
                    detail: "\(refusal.code): \(refusal.reason)", at: now))
        case .rejected(let revision, let code, let reason):
            raise(
                Outcome(
                    kind: "rejected", revision: revision, detail: "\(code): \(reason)", at: now))
        case .knownBad(let revision, let reason):
            raise(
                Outcome(
                    kind: "knownBad", revision: revision,
                    detail: "not tried again, for it failed here: \(reason)", at: now))
        case .unchanged(let revision):
            clearRejection()
            if self.revision != revision {
                self.revision = revision
                append(Outcome(kind: "unchanged", revision: revision, at: now))
            }
        case .notApplied(let revision):
            raise(
                Outcome(
                    kind: "held", revision: revision,
                    detail: "verified, and not applied while the device is held", at: now))
        case .confirmed(let move):
            clearRejection()
            if confirmed != move.to { previous = confirmed }
            confirmed = move.to
            revision = generation(move.to)?.revision
            let detail =
                move.wasFailing.isEmpty ? "" : "was failing before: \(listed(move.wasFailing))"
            append(
                Outcome(
                    kind: "confirmed", generation: move.to, revision: revision, detail: detail,
                    at: now))
        case .failed(let number, let reason):
            guard let record = generation(number) else { break }
            remember(
                FailedState(
                    digest: record.digest, revision: record.revision, reason: reason, at: now))
            append(
                Outcome(
                    kind: "failed", generation: number, revision: record.revision,
                    detail: reason, at: now))
        case .wentBack(let move):
            confirmed = move.to
            previous = move.to == 0 ? nil : previous.flatMap { $0 < move.to ? $0 : nil }
            revision = generation(move.to)?.revision
            append(
                Outcome(
                    kind: "rolledBack", generation: move.to, revision: revision,
                    detail: move.reason ?? "", at: now))
        case .healed(let paths):
            append(
                Outcome(kind: "healed", generation: confirmed, detail: listed(paths), at: now))
        }
        return self != before
    }

    /// One alarm is told once, however often it is seen.
    private mutating func raise(_ outcome: Outcome) {
        if let alarm, alarm.kind == outcome.kind, alarm.revision == outcome.revision,
            alarm.detail == outcome.detail
        {
            return
        }
        alarm = outcome
        append(outcome)
    }

    private mutating func clearRejection() {
        if alarm?.kind != "refused" { alarm = nil }
    }

    private func listed(_ items: [String]) -> String {
        let shown = items.prefix(10).joined(separator: ", ")
        return items.count > 10 ? "\(shown) and \(items.count - 10) more" : shown
    }
}
