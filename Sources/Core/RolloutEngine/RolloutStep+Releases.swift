internal import FleetModel
internal import WireMessages

extension RolloutStep {
    /// A release that is new begins, waits, or takes the place of the one under way.
    mutating func take(_ release: RolloutRelease) {
        // A channel never goes back, so what was left behind is nothing new either.
        guard release.revision != state.current?.release.revision,
            release.revision != state.queued?.revision,
            !state.past.contains(where: { $0.release == release.revision })
        else { return }
        state.tip = release.revision
        guard let rollout = state.current else { return begin(release) }
        // A release that wants no orders is applied by whoever hears of it, so it can't wait.
        let mayWait = rollout.needsOrders && release.manifest != nil
        if rollout.isUnfinished, mayWait, rollout.plan.onNewer == .queue {
            state.queued = release
            log(
                .queued,
                "\(release.revision.short) waits until \(rollout.release.revision.short) is through",
                release: release.revision)
            // Keys and rules do not wait: the order tells devices of the new tip.
            mustPublish = true
        } else {
            leave(rollout, for: release)
            begin(release)
        }
    }

    /// Keeps what became of a rollout.
    mutating func leave(_ rollout: Rollout, for release: RolloutRelease) {
        var rollout = rollout
        let wasUnfinished = rollout.standing != .complete
        rollout.isReplaced = true
        let survey = survey(rollout)
        state.past.append(
            RolloutState.Past(
                release: rollout.release.revision, tree: rollout.release.tree,
                standing: rollout.standing, began: rollout.began, ended: now,
                reason: rollout.reason, affected: survey.affected, counts: survey.counts.byWord))
        if state.past.count > RolloutState.keptRollouts { state.past.removeFirst() }
        state.current = rollout
        guard wasUnfinished, rollout.needsOrders else { return }
        log(
            .replaced,
            "\(release.revision.short) takes the place of \(rollout.release.revision.short), "
                + "which was \(rollout.standing.rawValue)",
            release: rollout.release.revision, counts: survey.counts.byWord)
    }

    mutating func begin(_ release: RolloutRelease) {
        let unfinished = state.current.flatMap { $0.standing == .complete ? nil : $0 }
        var rollout = Rollout(release, began: now, reason: "new")
        rollout.leaders = unfinished.map { leaders(from: $0, in: release) } ?? []
        positions = Positions(of: release)
        state.queued = nil
        if !rollout.needsOrders {
            rollout.openWaves = [
                Rollout.OpenWave(opened: now, sequence: 0, below: 0, isWhole: true, size: 0)
            ]
        }
        state.current = rollout
        let survey = survey(rollout)
        var text =
            "\(release.revision.short) changes \(counted(survey.affected)) of \(survey.counts.total)"
        if !rollout.needsOrders { text += ", which apply it by themselves" }
        if !rollout.leaders.isEmpty {
            text += "; \(counted(rollout.leaders.count)) of an unfinished rollout come first"
        }
        log(.began, text, release: release.revision, counts: survey.counts.byWord)
        mustPublish = rollout.needsOrders
    }

    /// The devices that the unfinished rollout let in, those first that are not well, as many as an
    /// order can name one by one.
    private mutating func leaders(
        from unfinished: Rollout, in release: RolloutRelease
    ) -> [DeviceID] {
        guard unfinished.needsOrders, release.manifest != nil else { return [] }
        var positions = positions ?? Positions(of: unfinished.release)
        if !positions.isOf(unfinished.release) { positions = Positions(of: unfinished.release) }
        let gate = Admissions(unfinished, positions)
        var sick: [DeviceID] = []
        var others: [DeviceID] = []
        for device in fleet(unfinished.release) {
            guard LeaderList.canName(device.id), let admission = gate.admission(of: device) else {
                continue
            }
            let standing = DeviceStanding(
                of: device, letIn: admission, to: unfinished, at: now)
            guard device.isAffected(standing) else { continue }
            if standing.isFailure { sick.append(device.id) } else { others.append(device.id) }
        }
        return LeaderList.prefix(of: sick.sorted() + others.sorted())
    }

    mutating func survey(_ rollout: Rollout) -> FleetSurvey {
        let fleet = fleet(rollout.release)
        return FleetSurvey(of: fleet, in: rollout, admissions(rollout, fleet), at: now)
    }

    mutating func admissions(_ rollout: Rollout, _ fleet: [FleetDevice]) -> Admissions {
        var known = positions ?? Positions(of: rollout.release)
        if !known.isOf(rollout.release) { known = Positions(of: rollout.release) }
        if rollout.plan.waves.contains(where: { $0.limit != nil }) { known.keep(fleet) }
        positions = known
        return Admissions(rollout, known)
    }
}

func counted(_ devices: Int) -> String { devices == 1 ? "1 device" : "\(devices) devices" }
