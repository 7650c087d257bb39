internal import FleetModel
internal import WireMessages

extension RolloutStep {
    /// Does what an operator wants, where it fits how things stand.
    mutating func obey(_ command: OperatorCommand, of name: String) {
        do throws(RolloutRefusal) {
            let rollout = try rollout(for: command)
            let reason = command.reason.isEmpty ? "" : ": \(command.reason)"
            switch command.kind {
            case .pause:
                try checkPausable(rollout)
                close(as: .paused, "paused by \(name)\(reason)", survey(rollout))
            case .resume: try resume(rollout, "resumed by \(name)\(reason)")
            case .abort:
                guard rollout.standing != .aborted else {
                    throw RolloutRefusal(
                        .over, "the rollout is aborted already", fix: "Publish a new release.")
                }
                close(as: .aborted, "aborted by \(name)\(reason)", survey(rollout))
            }
        } catch {
            effects.append(.refused(error))
        }
    }

    private func rollout(for command: OperatorCommand) throws(RolloutRefusal) -> Rollout {
        guard let rollout = state.current else {
            throw RolloutRefusal(
                .noRollout, "there is no rollout", fix: "Publish a release first.")
        }
        let release = rollout.release.revision
        if let meant = command.release, meant != release {
            throw RolloutRefusal(
                .otherRelease, "\(meant.short) is meant, and \(release.short) is under way",
                fix: "Look at `flotilla rollout status`, and say it again.")
        }
        guard rollout.needsOrders else {
            throw RolloutRefusal(
                .noOrders,
                "devices apply \(release.short) by themselves: fleet.yaml says "
                    + "`rollout: none`", fix: "Publish a release with `rollout: waves`.")
        }
        return rollout
    }

    private func checkPausable(_ rollout: Rollout) throws(RolloutRefusal) {
        guard rollout.standing.starts else {
            throw RolloutRefusal(
                .notPausable, "the rollout is \(rollout.standing.rawValue) already",
                fix: "Look at `flotilla rollout status`.")
        }
    }

    /// Goes on, also after a halt: the operator has seen what failed, so that counts no more; and so
    /// he has whom the open waves miss.
    private mutating func resume(
        _ rollout: Rollout, _ reason: String
    ) throws(RolloutRefusal) {
        let survey = survey(rollout)
        let isStuck = survey.missing > 0 || isLeftByAll(rollout, survey)
        switch rollout.standing {
        case .paused: break
        case .halted: state.current?.forgivenUntil = now
        case .rolling where isStuck: break
        case .rolling, .complete:
            throw RolloutRefusal(
                .notPaused, "the rollout is not paused", fix: "There is nothing to do.")
        case .aborted:
            throw RolloutRefusal(
                .over, "an aborted rollout can't go on", fix: "Publish a new release.")
        }
        if isStuck { state.current?.missedUntil = now }
        let counts = survey.counts.byWord
        state.current?.standing = .rolling
        state.current?.since = now
        // Who was not let begin has his time anew.
        if rollout.closedAt != nil { state.current?.openSince = now }
        state.current?.closedAt = nil
        state.current?.reason = reason
        log(.resumed, reason, release: rollout.release.revision, counts: counts)
        mustPublish = true
    }

    /// Whether a wave let devices in of which none has anything more to do with the release.
    private func isLeftByAll(_ rollout: Rollout, _ survey: FleetSurvey) -> Bool {
        zip(rollout.openWaves, survey.waves).contains { $0.size > 0 && $1.total == 0 }
    }
}
