internal import FleetModel
internal import WireMessages

/// What keeps the next wave closed, or lets it open.
enum GateVerdict: Equatable {
    case waits(String)
    case holds
    /// The wave is through, and too few succeeded.
    case missed(String)
}

extension RolloutStep {
    /// Goes on as far as the rules allow: stops, opens, completes, begins what waits, tells devices.
    mutating func advance(isCaughtUp: Bool) {
        noteTime()
        while let rollout = state.current {
            if rollout.needsOrders {
                halt(where: survey(rollout))
                if isCaughtUp { openWaves() }
            }
            if isCaughtUp { complete() }
            guard let release = state.queued, let left = state.current, left.isOver else {
                break
            }
            leave(left, for: release)
            begin(release)
        }
        publish()
    }

    // MARK: Stopping

    /// The stop rule holds as long as anybody may begin, late joiners included.
    private mutating func halt(where survey: FleetSurvey) {
        guard let rollout = state.current, rollout.standing.starts, survey.failures > 0 else {
            return
        }
        let bound = max(1, rollout.plan.stopFailures.devices(of: survey.letIn))
        guard survey.failures >= bound else { return }
        close(
            as: .halted,
            "\(counted(survey.failures)) of \(survey.letIn) failed; \(rollout.plan.stopFailures) is "
                + "where the rollout stops", survey)
    }

    mutating func close(as standing: Order.Standing, _ reason: String, _ survey: FleetSurvey) {
        guard var rollout = state.current else { return }
        if rollout.closedAt == nil { rollout.closedAt = now }
        rollout.standing = standing
        rollout.since = now
        rollout.reason = reason
        if standing == .halted, let queued = state.queued {
            rollout.reason += "; \(queued.revision.short), made before that, begins after an abort"
        }
        rollout.wellSince = nil
        state.current = rollout
        let kind: Decision.Kind =
            switch standing {
            case .halted: .halted
            case .aborted: .aborted
            default: .paused
            }
        log(kind, reason, release: rollout.release.revision, counts: survey.counts.byWord)
        mustPublish = true
    }

    // MARK: Opening

    private mutating func openWaves() {
        while let rollout = state.current, rollout.standing == .rolling, !rollout.isWhollyOpen {
            let survey = survey(rollout)
            switch verdict(on: rollout, survey) {
            case .waits(let reason):
                state.current?.wellSince = nil
                state.current?.reason = reason
                return
            case .missed(let reason):
                return close(as: .halted, reason, survey)
            case .holds:
                let soak = soak(of: rollout)
                let well = rollout.wellSince ?? now
                state.current?.wellSince = well
                guard now - well >= soak.time else {
                    state.current?.reason = "the wave `\(soak.wave)` is well, and soaks"
                    return
                }
                if let reason = unheard(rollout) {
                    state.current?.reason = reason
                    return
                }
                open(survey)
            }
        }
    }

    /// The last open wave that let anybody in decides how long all must be well, whatever became of
    /// its devices.
    private func soak(of rollout: Rollout) -> (wave: String, time: Duration) {
        guard let last = rollout.openWaves.lastIndex(where: { $0.size > 0 }) else {
            return ("", .zero)
        }
        return (rollout.allWaves[last].name, rollout.allWaves[last].soak)
    }

    /// Why the next wave is not passed yet though it matches nobody: its devices may not have been
    /// heard for the first time. Who waits for a canary must not go on because it is late.
    private mutating func unheard(_ rollout: Rollout) -> String? {
        let wave = rollout.allWaves[rollout.openWaves.count]
        guard now - rollout.began < pace.firstHearing, now >= rollout.began,
            !fleet(rollout.release).contains(where: {
                $0.report != nil && wave.match.matches($0.labels)
            })
        else { return nil }
        return "no device was heard that the wave `\(wave.name)` matches; it is waited for until "
            + "\(rollout.began + pace.firstHearing)"
    }

    func verdict(on rollout: Rollout, _ survey: FleetSurvey) -> GateVerdict {
        if survey.known == 0 { return .waits("no device has told its state yet") }
        if survey.unresolved > 0 {
            return .waits("nobody knows yet what \(counted(survey.unresolved)) should have")
        }
        if survey.blocking > 0 {
            return .waits("\(counted(survey.blocking)) came to no outcome yet")
        }
        for (number, members) in survey.waves.enumerated() {
            let verdict = verdict(on: rollout, wave: number, members)
            if verdict != .holds { return verdict }
        }
        return .holds
    }

    private func verdict(
        on rollout: Rollout, wave number: Int, _ members: FleetSurvey.Members
    ) -> GateVerdict {
        let (wave, opened) = (rollout.allWaves[number], rollout.openWaves[number])
        // Who was missed or failed, and has nothing more to do with the release, is no success.
        if members.total == 0 {
            let wasSeen = [rollout.forgivenUntil, rollout.missedUntil].compactMap(\.self)
                .contains { $0 >= opened.opened }
            if opened.size == 0 || wasSeen { return .holds }
            return .waits(
                "no device of the wave `\(wave.name)` is left that could succeed; "
                    + "`flotilla rollout resume` goes on")
        }
        let succeeded = members.counts[.succeeded]
        let ended = succeeded + members.failures + members.missing
        if ended > 0, succeeded * 100 < wave.success * ended {
            var reason =
                "the wave `\(wave.name)`: \(succeeded) of \(ended) succeeded, and "
                + "\(wave.success)% must"
            if members.missing > 0 {
                reason +=
                    "; \(counted(members.missing)) of them said nothing in time; "
                    + "`flotilla rollout resume` goes on without"
            }
            // Those that are away, silent or held may still change it.
            let best = members.total - members.failures
            return best * 100 >= wave.success * members.total ? .waits(reason) : .missed(reason)
        }
        let wentOnWithout = rollout.missedUntil.map { $0 >= opened.opened } ?? false
        if succeeded == 0, !wentOnWithout {
            return .waits("no device of the wave `\(wave.name)` has succeeded yet")
        }
        return .holds
    }

    private mutating func open(_ survey: FleetSurvey) {
        guard let rollout = state.current else { return }
        let plan = rollout.allWaves[rollout.openWaves.count]
        let fleet = fleet(rollout.release)
        let gate = admissions(rollout, fleet)
        let choice = WaveChoice(
            for: plan, in: rollout, of: fleet, gate, positions ?? Positions(of: rollout.release),
            at: now)
        let wave = Rollout.OpenWave(
            opened: now, sequence: nextSequence, below: choice.below, isWhole: choice.isWhole,
            leaders: choice.leaders, size: choice.size)
        state.current?.openWaves.append(wave)
        mustPublish = true
        if choice.size == 0 {
            log(
                .opened, "the wave `\(plan.name)` is open, and nobody is new in it",
                release: rollout.release.revision, wave: plan.name, counts: survey.counts.byWord)
        } else {
            state.current?.wellSince = nil
            state.current?.reason = "the wave `\(plan.name)` is on its way"
            log(
                .opened,
                "the wave `\(plan.name)` is open to \(counted(choice.size)) more of "
                    + "\(choice.matching) that match",
                release: rollout.release.revision, wave: plan.name, counts: survey.counts.byWord)
        }
    }

    // MARK: Completing

    /// Everything is open, and everybody who is there came to an outcome. The order stays, for
    /// those who come later.
    private mutating func complete() {
        guard let rollout = state.current, rollout.standing == .rolling, rollout.isWhollyOpen
        else { return }
        let survey = survey(rollout)
        guard survey.blocking == 0, survey.unresolved == 0 else {
            state.current?.reason = "\(counted(survey.blocking)) came to no outcome yet"
            return
        }
        state.current?.standing = .complete
        state.current?.since = now
        let left = survey.affected - survey.counts[.succeeded] - survey.failures
        let reason =
            left == 0
            ? "all is through" : "all is through; \(counted(left)) may come later"
        state.current?.reason = reason
        state.current?.wellSince = nil
        log(.complete, reason, release: rollout.release.revision, counts: survey.counts.byWord)
        if rollout.needsOrders { mustPublish = true }
    }
}
