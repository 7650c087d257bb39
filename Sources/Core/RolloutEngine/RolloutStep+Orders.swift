internal import FleetModel
internal import WireMessages

extension RolloutStep {
    /// Rises even where the clock does not, and follows the clock where the memory was lost.
    var nextSequence: Int64 { max(state.lastSequence + 1, now.nanoseconds / 1_000_000) }

    /// Tells devices where something changed, and otherwise as seldom as can be.
    mutating func publish() {
        guard let rollout = state.current, rollout.needsOrders else { return }
        guard mustPublish || isRenewalDue(rollout) else { return }
        let order = order(for: rollout)
        state.order = order
        state.lastSequence = order.sequence
        effects.append(.publish(order))
    }

    /// The last order once more, as it was: a broker may have lost it, and devices that know it
    /// take no notice.
    mutating func repeatOrder() {
        if let order = state.order { effects.append(.publish(order)) }
    }

    private mutating func isRenewalDue(_ rollout: Rollout) -> Bool {
        guard let order = state.order, order.id == rollout.release.id else { return true }
        let age = now - order.issued
        if age >= pace.quietRenewal { return true }
        guard rollout.standing.starts, age >= pace.busyRenewal else { return false }
        let survey = survey(rollout)
        return survey.moving > 0 || survey.silentOnlineSince.map { $0 > order.issued } ?? false
    }

    private func order(for rollout: Rollout) -> Order {
        let issued = Instant(nanoseconds: now.nanoseconds / 1_000_000 * 1_000_000)
        return Order(
            fleet: state.channel.fleet, channel: state.channel.channel, id: rollout.release.id,
            sequence: nextSequence, release: rollout.release.revision, tree: rollout.release.tree,
            tip: state.tip ?? rollout.release.revision, salt: rollout.release.salt,
            standing: rollout.standing, openings: openings(of: rollout), issued: issued,
            startBefore: issued + pace.startWindow, expires: issued + pace.orderLife,
            spread: rollout.plan.spread, decision: state.decisionHead)
    }

    private func openings(of rollout: Rollout) -> [Order.Opening] {
        let everyone = Order.Opening(match: .everyDevice, below: 0, isWhole: true)
        if rollout.isWhollyOpen { return [everyone] }
        let waves = zip(rollout.openWaves, rollout.allWaves).filter {
            $0.0.isWhole || $0.0.below > 0
        }
        .map { open, plan in
            Order.Opening(match: plan.match, below: open.below, isWhole: open.isWhole)
        }
        return waves + LeaderList.openings(to: rollout.openWaves.flatMap(\.leaders))
    }
}
