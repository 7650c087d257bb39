internal import DeviceLink
internal import FleetModel
internal import FleetRegister
internal import RolloutEngine
internal import WireMessages

/// What must never happen, held against what devices really did. The checkers share no decision
/// with what they check: they know each device's deeds, which the aggregator only hears of.
struct Checkers {
    /// What became of a device, truly.
    private struct Truth {
        /// The newest release that it applied since it was set up.
        var floor = 0
        /// Since when it is confirmed with each release.
        var confirmed: [Int: Instant] = [:]
        /// Releases that it failed with, or rejected.
        var failed: Set<Int> = []
    }

    private var truths: [Truth]
    /// Every order that was published, by release.
    private var orders: [Revision: [Order]] = [:]

    init(_ devices: Int) { truths = Array(repeating: Truth(), count: devices) }

    /// Set up anew, a device has no floor any more. What it did stays done.
    mutating func forget(_ device: Int) { truths[device].floor = 0 }

    mutating func published(_ order: Order) { orders[order.release, default: []].append(order) }

    mutating func note(_ kind: String, on device: VirtualDevice, _ git: VirtualGit, at now: Instant)
    {
        guard let event = device.disk.events.last,
            let release = event.revision.flatMap({ git.number(of: $0) })
        else { return }
        switch kind {
        case "confirmed": truths[device.index].confirmed[release] = now
        case "failed", "rejected", "knownBad": truths[device.index].failed.insert(release)
        default: break
        }
    }

    // MARK: Trust

    /// Nothing is applied that nobody signed, that is below the floor, or that no order opened.
    mutating func applied(
        _ release: Int, on device: VirtualDevice, _ git: VirtualGit
    ) -> String? {
        guard git[release].isSigned else {
            return "trust: \(device.id) applied release \(release), which nobody signed"
        }
        let floor = truths[device.index].floor
        guard git.chain(from: floor, to: release) != nil else {
            return "trust: \(device.id) applied release \(release), below its floor \(floor)"
        }
        truths[device.index].floor = release
        let isOpen = (orders[git[release].revision] ?? []).contains {
            $0.opens(to: device.id, labels: device.labels)
        }
        return isOpen ? nil : "trust: \(device.id) applied release \(release) without an order"
    }

    // MARK: Counters

    /// Each device that was ever heard of is counted once.
    func addUp(_ report: RolloutReport, known: Int) -> String? {
        if report.counts.total != known {
            return "counters: they add up to \(report.counts.total), and \(known) are known"
        }
        var affected = 0
        for wave in report.waves {
            guard wave.counts.total == wave.devices else {
                return "counters: those of the wave \(wave.name) do not add up"
            }
            affected += wave.devices
        }
        return affected <= report.affected
            ? nil : "counters: the waves have \(affected) of \(report.affected) devices"
    }

    // MARK: Waves

    /// A wave may open only on what devices of the waves before it really did, after those opened.
    func opened(
        _ decision: Decision, before: RolloutState, after: RolloutState,
        _ register: DeviceRegister, _ world: FleetSimulation
    ) -> String? {
        // The waves that were open before this step; one that just opened proves nothing yet.
        guard let rollout = before.current, rollout.release.revision == decision.release,
            let release = world.git.number(of: decision.release), let order = before.order,
            order.release == decision.release, !rollout.openWaves.isEmpty
        else { return nil }
        let waves = zip(rollout.openWaves, rollout.allWaves)
        var members = [Int](repeating: 0, count: rollout.openWaves.count)
        var successes = members
        for device in world.devices {
            // Whoever is let in by the last order, told by the order itself.
            guard let row = register[device.id], row.state != nil else { continue }
            let number = waves.enumerated().first { _, wave in
                wave.0.leaders.contains(device.id)
                    || (wave.1.match.matches(device.labels)
                        && (wave.0.isWhole || order.position(of: device.id) < wave.0.below))
            }?.offset
            guard let number else { continue }
            let opened = rollout.openWaves[number].opened
            let truth = truths[device.index]
            guard isAffected(row, decision.release) else { continue }
            members[number] += 1
            if let confirmed = truth.confirmed[release], confirmed > opened {
                successes[number] += 1
            } else if !truth.failed.contains(release), !isAbsent(row, opened, world) {
                return "waves: \(decision.wave ?? "") opened while \(device.id) was on its way"
            }
        }
        for (number, count) in members.enumerated() where count > 0 && successes[number] == 0 {
            return "waves: \(decision.wave ?? "") opened, and nobody of "
                + "\(rollout.allWaves[number].name) has succeeded"
        }
        return nil
    }

    private func isAffected(_ row: DeviceRow, _ release: Revision) -> Bool {
        row.expected.first { $0.release == release }?.wasAffected ?? false
    }

    /// Away, or without a word for so long that nobody waits for it.
    private func isAbsent(_ row: DeviceRow, _ opened: Instant, _ world: FleetSimulation) -> Bool {
        if !row.isOnline { return true }
        let patience = Duration.seconds(300)
        return world.now - max(opened, row.presentSince) >= patience
    }
}
