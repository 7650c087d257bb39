internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import FleetModel

extension Ledger {
    /// Takes in what happened. `generation` gives the record of a number, where there is one.
    ///
    /// - Returns: whether anything changed: an idle device writes nothing.
    mutating func note(
        _ event: AgentEvent, at now: Instant, _ details: EventDetails = .none,
        generation: (Int) -> GenerationRecord?
    ) -> Bool {
        let before = self
        noteAlarm(of: event, at: now)
        switch event {
        case .unchanged(let revision) where self.revision != revision:
            self.revision = revision
            append(
                Outcome(
                    kind: "unchanged", generation: confirmed, revision: revision,
                    digest: generation(confirmed)?.digest, at: now))
        case .confirmed(let move):
            noteConfirmation(of: move, generation(move.to), at: now, took: details.took)
        case .failed(let number, let reason):
            // Generation 0 manages nothing, and so has nothing that could fail.
            guard number > 0, let record = generation(number) else { break }
            remember(
                FailedState(
                    digest: record.digest, revision: record.revision, reason: reason, at: now))
            append(
                Outcome(
                    kind: "failed", generation: number, revision: record.revision,
                    digest: record.digest, detail: reason, at: now, took: details.took))
        case .wentBack(let move):
            noteWayBack(by: move, generation, at: now, took: details.took)
        case .lostLink(let move, let pause):
            noteLostLink(by: move, generation(move.from), pause, at: now)
        case .drift(let drifts):
            noteDrift(drifts, at: now)
        case .contested(let drifts):
            append(
                Outcome(
                    kind: "contested", generation: confirmed,
                    detail: listed(drifts.map(\.contest)), at: now))
        case .healed(let paths):
            toldDrift = nil
            append(
                Outcome(
                    kind: "healed", generation: confirmed, detail: listed(paths), at: now,
                    took: details.took))
        case .hooksRan(let move, let results):
            for result in results { append(outcome(of: result, in: move, at: now)) }
        case .step(let move, let step):
            if let outcome = outcome(of: step, in: move, details, at: now) { append(outcome) }
        case .accepted, .refused, .rejected, .knownBad, .unchanged, .notApplied, .waiting,
            .fetchFailed, .fetchWorks, .trouble, .postponed:
            break
        }
        return self != before
    }

    private mutating func noteConfirmation(
        of move: Move, _ record: GenerationRecord?, at now: Instant, took: Duration?
    ) {
        if confirmed != move.to { previous = confirmed }
        confirmed = move.to
        revision = record?.revision
        let detail =
            move.wasFailing.isEmpty ? "" : "was failing before: \(listed(move.wasFailing))"
        append(
            Outcome(
                kind: "confirmed", generation: move.to, revision: revision,
                digest: record?.digest, detail: detail, at: now, took: took))
    }

    /// Tells of a drift once, however often it is seen: the disk of an idle device is left alone.
    private mutating func noteDrift(_ drifts: [Drift], at now: Instant) {
        guard !drifts.isEmpty else {
            toldDrift = nil
            return
        }
        let told = listed(drifts.map(\.words))
        guard told != toldDrift else { return }
        toldDrift = told
        append(Outcome(kind: "drift", generation: confirmed, detail: told, at: now))
    }

    private mutating func noteWayBack(
        by move: Move, _ generation: (Int) -> GenerationRecord?, at now: Instant,
        took: Duration?
    ) {
        // Back to where it was: what a later release did not change here still counts.
        if confirmed != move.to { revision = generation(move.to)?.revision }
        confirmed = move.to
        previous = move.to == 0 ? nil : previous.flatMap { $0 < move.to ? $0 : nil }
        append(
            Outcome(
                kind: "rolledBack", generation: move.to, revision: revision,
                digest: generation(move.to)?.digest, detail: move.reason ?? "", at: now,
                took: took))
        // The channel may still want what was left: the next look at Git will tell, and until then
        // this device is not where it should be.
        if move.from > 0 {
            rejection = knownBad(
                generation(move.from)?.revision, because: move.reason ?? "", at: now)
        }
    }

    /// The release may be innocent, so its desired state is not remembered as one that failed.
    private mutating func noteLostLink(
        by move: Move, _ left: GenerationRecord?, _ pause: Duration, at now: Instant
    ) {
        confirmed = move.to
        let told = Outcome(
            kind: "lostLink", generation: move.to, revision: left?.revision, digest: left?.digest,
            detail: "\(move.reason ?? ""), nor from here; tried again in \(pause.flotillaText)",
            at: now)
        rejection = told
        append(told)
    }

    // MARK: Alarms

    /// Why the tip of the channel is not accepted, and why the last release that is accepted is not
    /// what the device has.
    private mutating func noteAlarm(of event: AgentEvent, at now: Instant) {
        switch event {
        case .accepted:
            refusal = nil
        case .unchanged, .confirmed, .waiting:
            rejection = nil
        case .refused(let refusal):
            raise(
                \.refusal,
                Outcome(
                    kind: "refused", revision: refusal.revision,
                    detail: "\(refusal.code): \(refusal.reason)", at: now))
        case .rejected(let revision, let code, let reason):
            raise(
                \.rejection,
                Outcome(
                    kind: "rejected", revision: revision, detail: "\(code): \(reason)", at: now))
        case .knownBad(let revision, let reason):
            raise(\.rejection, knownBad(revision, because: reason, at: now))
        case .notApplied(let revision):
            raise(
                \.rejection,
                Outcome(
                    kind: "held", revision: revision,
                    detail: "verified, and not applied while the device is held", at: now))
        case .postponed(let move, let revision, let reason, _) where move.purpose == .upgrade:
            // How long it waits differs each time, and is no news.
            raise(
                \.rejection,
                Outcome(kind: "postponed", revision: revision, detail: reason, at: now))
        case .failed, .wentBack, .lostLink, .healed, .fetchFailed, .fetchWorks, .drift, .contested,
            .trouble, .postponed, .hooksRan, .step:
            break
        }
    }

    /// One alarm is told once, however often it is seen.
    private mutating func raise(_ place: WritableKeyPath<Ledger, Outcome?>, _ alarm: Outcome) {
        if self[keyPath: place]?.says(the: alarm) == true { return }
        self[keyPath: place] = alarm
        append(alarm)
    }

    private func knownBad(
        _ revision: Revision?, because reason: String, at now: Instant
    ) -> Outcome {
        Outcome(
            kind: "knownBad", revision: revision,
            detail: "not tried again, for it failed here: \(reason)", at: now)
    }
}
