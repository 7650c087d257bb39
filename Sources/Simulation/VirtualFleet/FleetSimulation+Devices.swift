internal import AgentMachine
internal import DeviceLink
internal import FleetModel
internal import ReleaseTrust
internal import WireMessages

/// What happens on devices.
extension FleetSimulation {
    func deviceEvent(_ event: VirtualEvent) {
        switch event {
        case .deviceStarts(let index): start(devices[index])
        case .deviceWakes(let index, let life):
            let device = devices[index]
            guard device.life == life, device.isRunning, let wake = device.wake, now >= wake else {
                return
            }
            device.wake = nil
            tick(device)
        case .agentAnswered(let index, let life, let effect):
            let device = devices[index]
            guard device.life == life, device.isRunning else { return }
            device.pending = nil
            tell(device, agent: answer(device, to: effect))
            settle(device)
        case .linkAnswered(let index, let life, let answer):
            let device = devices[index]
            guard device.life == life, device.isRunning else { return }
            hear(device, answer)
            settle(device)
        case .deviceHears(let index, let session, let message):
            let device = devices[index]
            guard device.session == session, device.isRunning else { return }
            switch message {
            case .order(let order): tell(device, link: .ordered(order))
            case .acknowledgement(let message): tell(device, link: .acknowledged(message))
            case .presence(let presence): tell(device, link: .recalled(presence))
            }
            settle(device)
        default: break
        }
    }

    // MARK: Life and death

    private func start(_ device: VirtualDevice) {
        guard !device.isRunning, !device.isGone else { return }
        device.life += 1
        device.session = nil
        device.pending = nil
        device.wake = nil
        device.told = nil
        device.toldTrust = -1
        var pace = AgentPace(device: device.id)
        pace.scanInterval = .seconds(4 * 3_600)
        device.agent = AgentMachine(pace: pace, current: device.disk.current, now: now)
        var linkPace = LinkPace(device: device.id)
        linkPace.clockPatience = .seconds(3_600)
        let outbox = Outbox.read(device.disk.outbox, parse: verifier.parse).outbox
        device.link = LinkMachine(
            identity: LinkIdentity(device: device.id, channel: channel), pace: linkPace,
            address: "192.0.2.1",
            memory: LinkMemory(
                epoch: device.disk.epoch, outbox: outbox, order: device.disk.order),
            boot: "boot", verifier: verifier, now: now)
        tell(device, agent: .looked(current: device.disk.current, isHeld: false))
        let position = StartPosition(
            journal: device.disk.journal, current: device.disk.current,
            confirmed: device.disk.confirmed)
        for effect in device.agent?.start(at: position, now: now) ?? [] {
            perform(effect, on: device)
        }
        // Orders mean something only to an agent that knows where it stands.
        tellTrust(device)
        tell(device, link: .happened(device.disk.events))
        settle(device)
    }

    /// The agent is killed, or the power goes: what is not on the disk is gone.
    func kill(_ device: VirtualDevice) {
        guard device.isRunning else { return }
        // A flip that was under way passed its commit point, or did not.
        if case .flip(let move)? = device.pending, generator.happens(500) { flip(device, move) }
        device.agent = nil
        device.link = nil
        device.pending = nil
        if let session = device.session {
            // The broker may notice at once, or only when nothing comes any more.
            plan(
                .brokerNotices(device.index, session: session),
                after: generator.happens(500) ? .zero : .seconds(360))
        }
        device.session = nil
    }

    /// The device is set up anew: its disk is as the factory makes it, and knows nothing.
    func reinstall(_ device: VirtualDevice) {
        kill(device)
        device.disk = VirtualDisk()
        device.installations += 1
        checkers.forget(device.index)
    }

    // MARK: The agent

    private func tick(_ device: VirtualDevice) {
        if let wake = device.agent?.wakeAt, now >= wake { tell(device, agent: .tick) }
        if let wake = device.link?.wakeAt, now >= wake { tell(device, link: .tick) }
        settle(device)
    }

    func tell(_ device: VirtualDevice, agent input: AgentInput) {
        for effect in device.agent?.handle(input, at: now) ?? [] { perform(effect, on: device) }
    }

    private func perform(_ effect: AgentEffect, on device: VirtualDevice) {
        switch effect {
        case .discard(let generation): device.disk.generations[generation] = nil
        // A stage that fails here has written nothing.
        case .discardUnfinished: break
        case .journal(let phase, let move): device.disk.journal = (phase, move)
        case .forgetJournal: device.disk.journal = nil
        case .record(let event):
            if device.note(event, git, at: now) {
                tell(device, link: .happened(device.disk.events.suffix(1)))
                if let kind = device.disk.events.last?.kind {
                    tally(kind)
                    checkers.note(kind, on: device, git, at: now)
                }
            }
        case .fetch, .askGit:
            answerLater(effect, device, after: generator.delay(300...3_000))
        case .reconnect: tell(device, link: .reconnect)
        case .stage, .restage, .flip, .changeUnits, .scan, .look, .healUnits:
            answerLater(effect, device, after: generator.delay(50...2_000))
        case .compare, .probe:
            answerLater(effect, device, after: generator.delay(10...300))
        case .runHooks, .seeUnits:
            answerLater(effect, device, after: .zero)
        case .reboot:
            fatalError("no change of this world needs a boot")
        }
    }

    private func answerLater(
        _ effect: AgentEffect, _ device: VirtualDevice, after delay: Duration
    ) {
        device.pending = effect
        plan(.agentAnswered(device.index, life: device.life, effect), after: delay)
    }

    private func answer(_ device: VirtualDevice, to effect: AgentEffect) -> AgentInput {
        switch effect {
        case .fetch:
            return device.hasNetwork
                ? .fetched(tip: git[git.served].revision) : .fetchFailed("no network")
        case .askGit: return device.hasNetwork ? .gitAnswered : .gitSilent("no network")
        case .stage(let tip, let applies, let opened):
            if !isHealed, generator.happens(20) { return .stageFailed("the disk is slow") }
            let worker = VirtualWorker(git: git, fault: settings.fault)
            let outcome = worker.stage(device, tip: tip, applies: applies, opened: opened)
            if outcome.refusal != nil { tally("refusal") }
            tellTrust(device)
            return .staged(outcome)
        case .restage: return .restaged(gate: VirtualWorker.gate)
        case .compare(let generation), .probe(let generation):
            let release = device.disk.generations[generation]?.release ?? 0
            let isWell = git.isWell(device.id, with: release, role: device.role)
            // Before the flip the check looks at the old generation, which is well.
            let passes = isWell || device.disk.current != generation
            return .probed([CheckResult(check: "base/well", passed: passes, detail: "unwell")])
        case .flip(let move):
            flip(device, move)
            return .flipped
        case .changeUnits, .healUnits: return .unitsChanged
        case .runHooks: return .hooksRan([])
        case .seeUnits: return .unitsSeen([])
        case .scan, .look: return .scanned([])
        case .reconnect, .discard, .discardUnfinished, .journal, .forgetJournal, .record, .reboot:
            fatalError("\(effect) wants no answer")
        }
    }

    private func flip(_ device: VirtualDevice, _ move: Move) {
        device.disk.current = move.to
        guard move.purpose == .upgrade, let release = device.disk.generations[move.to]?.release
        else { return }
        if let fault = checkers.applied(release, on: device, git) { violate(fault) }
    }

    // MARK: The link

    func tell(_ device: VirtualDevice, link input: LinkInput) {
        let moment = LinkMoment(monotonic: now, wall: now)
        for effect in device.link?.handle(input, at: moment) ?? [] {
            perform(effect, on: device)
        }
    }

    private func tellTrust(_ device: VirtualDevice) {
        guard device.toldTrust != device.disk.trustHead else { return }
        device.toldTrust = device.disk.trustHead
        tell(
            device,
            link: .trusted(
                LinkTrust(
                    signers: signers, head: git[device.disk.trustHead].revision,
                    committed: SimulationSettings.start)))
    }

    private func perform(_ effect: LinkEffect, on device: VirtualDevice) {
        switch effect {
        case .resolve: answerLink(.resolved, device, after: generator.delay(5...200))
        case .connect(_, let will):
            // The last connection is over, whatever the broker knows of it.
            device.session = nil
            answerLink(.connected(will: will), device, after: generator.delay(20...1_500))
        case .disconnect:
            if let session = device.session, broker.sessions[device.index]?.number == session {
                broker.sessions[device.index] = nil
            }
            device.session = nil
        case .subscribe(let filters):
            answerLink(
                .subscribed(isWhole: filters.count > 1), device, after: generator.delay(5...100))
        case .tell(let content): send(content, from: device)
        case .keepEpoch(let epoch): device.disk.epoch = epoch
        case .keepOutbox(let records): device.disk.outbox += records.flatMap(\.line)
        case .keepOrder(let memory): device.disk.order = memory
        case .orderChanged(let order):
            let view = order.map {
                OrderView(
                    release: $0.release, tip: $0.tip, isOpen: $0.isOpen, startAt: $0.startAt,
                    startBefore: $0.startBefore)
            }
            tell(device, agent: .orderChanged(view))
        case .linkChanged(let isUp): tell(device, agent: .linkChanged(isUp: isUp))
        case .wantFetch: tell(device, agent: .syncRequested)
        case .say: break
        }
    }

    private func answerLink(_ answer: LinkAnswer, _ device: VirtualDevice, after delay: Duration) {
        plan(.linkAnswered(device.index, life: device.life, answer), after: delay)
    }

    private func hear(_ device: VirtualDevice, _ answer: LinkAnswer) {
        switch answer {
        case .resolved: tell(device, link: .resolved(["192.0.2.1"]))
        case .connected(let will):
            guard device.hasNetwork, broker.isUp else {
                tell(device, link: .disconnected(reason: "no way", isRefusal: false))
                return
            }
            let session = broker.newSession()
            // Who comes again under the same name takes the place of his own old session.
            if let old = broker.sessions[device.index] { brokerTellsDeath(device.index, old) }
            broker.sessions[device.index] = .init(number: session, will: will)
            device.session = session
            tell(device, link: .connected)
        case .disconnected: tell(device, link: .disconnected(reason: "gone", isRefusal: false))
        case .subscribed(let isWhole):
            guard let session = device.session else { return }
            tell(device, link: .subscribed)
            brokerSubscribes(device.index, session: session, isWhole: isWhole)
        case .settled: tell(device, link: .settled)
        }
    }

    private func send(_ content: LinkMessageContent, from device: VirtualDevice) {
        guard let session = device.session else { return }
        pass(.brokerHears(device.index, session: session, content, isForged: false))
    }

    // MARK: Afterwards

    /// Tells what has changed, and plans the next look at the clock.
    private func settle(_ device: VirtualDevice) {
        guard let agent = device.agent else { return }
        let report = device.report(git, channel)
        if report != device.told {
            device.told = report
            tell(device, link: .reported(report))
        }
        guard let linkWake = device.link?.wakeAt else { return }
        let wake = max(now, min(agent.wakeAt, linkWake))
        guard wake < Instant(nanoseconds: .max), device.wake.map({ wake < $0 }) ?? true else {
            return
        }
        device.wake = wake
        heap.plan(.deviceWakes(device.index, life: device.life), at: wake)
    }
}
