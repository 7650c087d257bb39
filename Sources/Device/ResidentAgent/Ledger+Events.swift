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
            refusal = nil
        case .refused, .rejected, .knownBad, .notApplied:
            raiseAlarm(of: event, at: now)
        case .unchanged(let revision):
            rejection = nil
            if self.revision != revision {
                self.revision = revision
                append(Outcome(kind: "unchanged", revision: revision, at: now))
            }
        case .confirmed(let move):
            rejection = nil
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
            // Generation 0 manages nothing, and so has nothing that could fail.
            guard number > 0, let record = generation(number) else { break }
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

    private mutating func raiseAlarm(of event: AgentEvent, at now: Instant) {
        func alarm(_ kind: String, _ revision: Revision, _ detail: String) -> Outcome {
            Outcome(kind: kind, revision: revision, detail: detail, at: now)
        }
        switch event {
        case .refused(let refusal):
            let detail = "\(refusal.code): \(refusal.reason)"
            raise(\.refusal, alarm("refused", refusal.revision, detail))
        case .rejected(let revision, let code, let reason):
            raise(\.rejection, alarm("rejected", revision, "\(code): \(reason)"))
        case .knownBad(let revision, let reason):
            let detail = "not tried again, for it failed here: \(reason)"
            raise(\.rejection, alarm("knownBad", revision, detail))
        case .notApplied(let revision):
            let detail = "verified, and not applied while the device is held"
            raise(\.rejection, alarm("held", revision, detail))
        default:
            break
        }
    }

    /// One alarm is told once, however often it is seen.
    private mutating func raise(_ place: WritableKeyPath<Ledger, Outcome?>, _ alarm: Outcome) {
        if let known = self[keyPath: place], known.kind == alarm.kind,
            known.revision == alarm.revision, known.detail == alarm.detail
        {
            return
        }
        self[keyPath: place] = alarm
        append(alarm)
    }

    private func listed(_ items: [String]) -> String {
        let shown = items.prefix(10).joined(separator: ", ")
        return items.count > 10 ? "\(shown) and \(items.count - 10) more" : shown
    }
}
