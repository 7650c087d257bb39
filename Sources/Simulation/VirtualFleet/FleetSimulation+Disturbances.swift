internal import DeviceLink
internal import FleetModel
internal import RolloutEngine
internal import WireMessages

/// What comes from outside: releases, attacks, bad luck, and the end of it.
extension FleetSimulation {
    func outsideEvent(_ event: VirtualEvent) {
        switch event {
        case .releases(let number): release(number)
        case .gitIsHonest: git.served = git.head
        case .disturbs:
            guard !isHealed else { return }
            disturb()
            plan(.disturbs, after: generator.delay(5_000...60_000))
        case .operatorLooks:
            plan(.operatorLooks, after: .seconds(200))
            look()
        case .networkReturns(let device): devices[device].hasNetwork = true
        case .heals: heal()
        default: break
        }
    }

    /// Most releases are good; some are bad for a part of the devices. The last one is good.
    private func release(_ number: Int) {
        let isLast = number == settings.releases
        let roles =
            isLast
            ? VirtualGit.roles
            : VirtualGit.roles.filter { _ in generator.happens(700) }
        let share = !isLast && generator.happens(400) ? 300 : 0
        let replaces = generator.happens(300)
        git.release(
            changing: roles, badness: share,
            Self.manifest(onNewer: replaces ? .replace : .queue))
        tally(share > 0 ? "bad release" : "good release")
    }

    private func disturb() {
        let device = devices[Int.random(in: devices.indices, using: &generator)]
        guard !device.isGone else { return }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<25:
            tally("agent crash")
            kill(device)
            plan(.deviceStarts(device.index), after: generator.delay(500...30_000))
        case 25..<40:
            tally("device off")
            kill(device)
            plan(.deviceStarts(device.index), after: generator.delay(60_000...3_000_000))
        case 40..<60: cut(device)
        case 60..<64:
            tally("new installation")
            reinstall(device)
            plan(.deviceStarts(device.index), after: generator.delay(10_000...300_000))
        case 64..<70: restartBroker(losingWhatItKept: generator.happens(500))
        case 70..<76: killAggregator()
        case 76..<82: attackGit()
        default: forge(device)
        }
    }

    /// A person, who now and then pauses, goes on again, and gives up what has halted once something
    /// newer waits.
    private func look() {
        guard let state = aggregator.process?.machine.state, let rollout = state.current else {
            return
        }
        switch rollout.standing {
        case .paused: command(.resume)
        case .halted where state.queued != nil: command(.abort)
        case .rolling where !isHealed && generator.happens(100): command(.pause)
        default: break
        }
    }

    private func command(_ kind: OperatorCommand.Kind) {
        tally("operator \(kind.rawValue)")
        let command = OperatorCommand(
            kind: kind, fleet: channel.fleet, channel: channel.channel,
            id: String(repeating: "0", count: 32), reason: "", issued: now,
            expires: now + .seconds(60))
        commit(.command(command, operator: "anna"))
    }

    /// The network of a device is gone for a while; the broker finds out later.
    private func cut(_ device: VirtualDevice) {
        guard device.hasNetwork else { return }
        tally("network cut")
        device.hasNetwork = false
        if let session = device.session {
            device.session = nil
            plan(.brokerNotices(device.index, session: session), after: .seconds(360))
            plan(
                .linkAnswered(device.index, life: device.life, .disconnected),
                after: generator.delay(1_000...240_000))
        }
        plan(.networkReturns(device.index), after: generator.delay(10_000...1_800_000))
    }

    /// The server gives something that nobody signed, or an old release, for a while.
    private func attackGit() {
        tally("attack on Git")
        if generator.happens(500) {
            git.serveUnsigned()
        } else {
            git.served = Int.random(in: 0...git.head, using: &generator)
            while !git[git.served].isSigned { git.served -= 1 }
        }
        plan(.gitIsHonest, after: generator.delay(60_000...900_000))
    }

    /// Somebody tells the success of a device that did nothing, without its key.
    private func forge(_ device: VirtualDevice) {
        guard let rollout = aggregator.process?.machine.state.current,
            let number = git.number(of: rollout.release.revision)
        else { return }
        tally("forgery")
        // The first ones to be let in are worth it most.
        for victim in devices where victim.labels["ring"] == "canary" || victim === device {
            let event = DeviceEvent(
                sequence: Int64(victim.disk.events.count + 1), kind: "confirmed", generation: 9,
                revision: rollout.release.revision,
                digest: git.digest(of: number, for: victim.role),
                at: now)
            let epoch = (victim.link?.outbox.origin ?? 0) + 1
            let batch = EventBatch(
                fleet: channel.fleet, channel: channel.channel, device: victim.id, epoch: epoch,
                events: [event])
            pass(.brokerHears(victim.index, session: 0, .events(batch), isForged: true))
        }
    }

    /// From now on everything works: the network is back everywhere, the devices that are only off
    /// come back, and everybody connects anew.
    private func heal() {
        isHealed = true
        git.served = git.head
        for device in devices where !device.isGone {
            device.hasNetwork = true
            if !device.isRunning { plan(.deviceStarts(device.index), after: .seconds(1)) }
        }
        if aggregator.process == nil { plan(.aggregatorStarts, after: .seconds(1)) }
        restartBroker(losingWhatItKept: false)
    }
}
