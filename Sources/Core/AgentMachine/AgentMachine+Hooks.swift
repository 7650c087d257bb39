internal import FleetModel
internal import UnitPlanning

/// The bundles' own commands around a move. Before it they may ask for another time or refuse it;
/// after it their failure is one of the move. Nothing keeps a device from going back.
extension AgentMachine {
    /// Runs what is to run before anything is touched.
    mutating func prepare(_ move: Move, _ gate: HealthGate, _ ready: Ready?) -> [AgentEffect] {
        state = .preparing(move, gate, ready)
        return [.runHooks(move, .before)]
    }

    /// Runs what comes after files and units.
    mutating func finish(_ move: Move, _ gate: HealthGate) -> [AgentEffect] {
        state = .finishing(move, gate)
        return [.runHooks(move, .after)]
    }

    mutating func hooksRan(_ results: [HookResult], at now: Instant) -> [AgentEffect] {
        let objection = results.first { $0.verdict != .passed }
        switch state {
        case .preparing(let move, let gate, let ready):
            return told(results, of: move)
                + (ready.map { begin(move, gate, $0, objection, at: now) }
                    ?? goOn(move, gate, objection, at: now))
        case .finishing(let move, let gate):
            return told(results, of: move) + finished(move, gate, objection, at: now)
        default:
            unexpected(.hooksRan(results))
        }
    }

    /// A move that is put off or refused leaves no trace but the word of it, which is told once.
    private func told(_ results: [HookResult], of move: Move) -> [AgentEffect] {
        let isStopped = results.contains { $0.moment == .before && $0.verdict != .passed }
        let isSilent = results.isEmpty || isStopped && move.purpose != .goBack
        return isSilent ? [] : [.record(.hooksRan(move, results))]
    }

    // MARK: Before

    /// An upgrade goes on to its units, or leaves no trace.
    private mutating func begin(
        _ move: Move, _ gate: HealthGate, _ ready: Ready, _ objection: HookResult?,
        at now: Instant
    ) -> [AgentEffect] {
        let candidate = ready.candidate
        if let objection {
            state = .idle
            let discard = AgentEffect.discard(generation: candidate.generation)
            guard objection.verdict == .notNow else {
                lookSoon(at: now)
                return [
                    .record(
                        .rejected(candidate.revision, code: "hook", reason: objection.reason)),
                    discard,
                ]
            }
            let pause = postpone(at: now)
            return [
                .record(
                    .postponed(
                        move, candidate.revision, reason: objection.reason, retryAfter: pause)),
                discard,
            ]
        }
        // Hooks may take minutes, and much may be said meanwhile.
        if let stop = stop(ready, at: now) { return stop }
        forgetPostponement()
        state = .looking(move, gate, ready)
        return [.seeUnits(move)]
    }

    /// What is said while nothing is touched yet still counts.
    private mutating func stop(_ ready: Ready, at now: Instant) -> [AgentEffect]? {
        let candidate = ready.candidate
        if isHeld { return leaveAlone(candidate) }
        let isStillOpen = mayFlip(under: ready.isOrdered ? candidate.revision : nil)
        return isStillOpen ? nil : withdraw(candidate, at: now)
    }

    /// Throws away what was staged for a device that is held by now.
    mutating func leaveAlone(_ candidate: Candidate) -> [AgentEffect] {
        state = .idle
        return [
            .discard(generation: candidate.generation), .record(.notApplied(candidate.revision)),
        ]
    }

    /// It is known how the units stand: from here on something is touched.
    mutating func leave(
        _ move: Move, _ gate: HealthGate, _ ready: Ready, knowing standings: [UnitStanding],
        at now: Instant
    ) -> [AgentEffect] {
        if let stop = stop(ready, at: now) { return stop }
        var move = move
        move.units = standings
        state = .leaving(move, gate, under: ready.isOrdered ? ready.candidate.revision : nil)
        return [.journal(.flipping, move), .changeUnits(move, .beforeFlip)]
    }

    /// A healing may wait for another time; a way back does not.
    private mutating func goOn(
        _ move: Move, _ gate: HealthGate, _ objection: HookResult?, at now: Instant
    ) -> [AgentEffect] {
        guard move.purpose == .heal else {
            state = .leaving(move, gate, under: nil)
            return trouble(objection) + [.changeUnits(move, .beforeFlip)]
        }
        guard let objection else {
            postponedHealings = 0
            state = .flipping(move, gate, Course())
            return [.flip(move)]
        }
        guard objection.verdict == .notNow else {
            return trouble(objection) + [.forgetJournal] + healUnits()
        }
        postponedHealings += 1
        let pause = pace.retryDelay(after: postponedHealings)
        nextScan = max(nextScan, now + pause)
        return [
            .record(.postponed(move, nil, reason: objection.reason, retryAfter: pause)),
            .forgetJournal,
        ] + healUnits()
    }

    private func trouble(_ objection: HookResult?) -> [AgentEffect] {
        objection.map { [.record(.trouble($0.reason))] } ?? []
    }

    // MARK: After

    private mutating func finished(
        _ move: Move, _ gate: HealthGate, _ objection: HookResult?, at now: Instant
    ) -> [AgentEffect] {
        if let objection, move.purpose == .upgrade {
            return goBack(move.back(because: objection.reason))
        }
        let onward =
            move.rebootFor.isEmpty ? arrived(move, gate, at: now) : needReboot(move, at: now)
        return trouble(objection) + onward
    }

    // MARK: Another time

    /// The same is not begun again before a while, which grows with each time.
    private mutating func postpone(at now: Instant) -> Duration {
        postponements += 1
        let pause = pace.retryDelay(after: postponements)
        isUnsettled = true
        followed = nil
        nextFetch = now + pause
        postponedUntil = now + pause
        return pause
    }

    mutating func forgetPostponement() {
        postponements = 0
        postponedUntil = nil
    }
}
