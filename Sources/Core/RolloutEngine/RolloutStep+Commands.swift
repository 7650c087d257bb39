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

    /// Goes on, also after a halt: the operator has seen what failed, so that counts no more.
    private mutating func resume(
        _ rollout: Rollout, _ reason: String
    ) throws(RolloutRefusal) {
        switch rollout.standing {
        case .paused: break
        case .halted: state.current?.forgivenUntil = now
        case .rolling, .complete:
            throw RolloutRefusal(
                .notPaused, "the rollout is not paused", fix: "There is nothing to do.")
        case .aborted:
            throw RolloutRefusal(
                .over, "an aborted rollout can't go on", fix: "Publish a new release.")
        }
        let counts = survey(rollout).counts.byWord
        state.current?.standing = .rolling
        state.current?.since = now
        state.current?.openSince = now
        state.current?.closedAt = nil
        state.current?.reason = reason
        log(.resumed, reason, release: rollout.release.revision, counts: counts)
        mustPublish = true
    }
}
