internal import DeviceLink
internal import Digests
internal import Documents
internal import FleetModel
internal import FleetRegister
internal import RolloutEngine
internal import WireMessages

/// The aggregator's process.
extension FleetSimulation {
    private var pace: RolloutPace {
        var pace = RolloutPace()
        if settings.fault == .aggregator(.neverRenews) {
            pace.busyRenewal = .seconds(365 * 86_400)
            pace.quietRenewal = pace.busyRenewal
            pace.orderLife = pace.busyRenewal * 2
        }
        return pace
    }

    func aggregatorEvent(_ event: VirtualEvent) {
        switch event {
        case .aggregatorStarts: startAggregator()
        case .aggregatorConnects(let life) where isAlive(life): connectAggregator()
        case .aggregatorHears(let life, let device, let content, let isForged) where isAlive(life):
            hear(content, of: device, isForged: isForged)
        case .aggregatorCommits(let life) where isAlive(life): commit(.tick)
        case .aggregatorTicks(let life) where isAlive(life):
            plan(.aggregatorTicks(life: life), after: .seconds(20))
            commit(.tick)
        case .aggregatorLooksAtGit(let life) where isAlive(life):
            plan(.aggregatorLooksAtGit(life: life), after: .seconds(60))
            lookAtGit()
        default: break
        }
    }

    private func isAlive(_ life: Int) -> Bool {
        aggregator.process != nil && aggregator.life == life
    }

    private func startAggregator() {
        guard aggregator.process == nil else { return }
        aggregator.life += 1
        do {
            aggregator.process = try aggregator.resumed(channel, pace, git, parse: settings.parse)
        } catch {
            violate("the database can't be read: \(error)")
            return
        }
        plan(.aggregatorConnects(life: aggregator.life), after: generator.delay(100...3_000))
        plan(.aggregatorTicks(life: aggregator.life), after: generator.delay(1_000...20_000))
        plan(.aggregatorLooksAtGit(life: aggregator.life), after: generator.delay(500...5_000))
    }

    func killAggregator() {
        guard aggregator.process != nil else { return }
        tally("aggregator crash")
        aggregator.process = nil
        if broker.aggregator == aggregator.life { broker.aggregator = nil }
        plan(.aggregatorStarts, after: generator.delay(500...120_000))
    }

    // MARK: The bus

    private func connectAggregator() {
        guard broker.isUp, aggregator.process?.isListening == false else { return }
        broker.aggregator = aggregator.life
        aggregator.process?.isListening = true
        for (device, presence) in broker.presences.sorted(by: { $0.key < $1.key }) {
            forward(.presence(presence), of: device, isForged: false)
        }
        for (device, state) in broker.states.sorted(by: { $0.key < $1.key }) {
            forward(.state(state), of: device, isForged: false)
        }
        commit(.listening(true))
    }

    /// The broker is gone.
    func deafen() {
        guard aggregator.process?.isListening == true else { return }
        aggregator.process?.isListening = false
        commit(.listening(false))
        plan(.aggregatorConnects(life: aggregator.life), after: generator.delay(100...4_000))
    }

    /// The edge: what nobody signed goes no further.
    private func hear(_ content: LinkMessageContent, of index: Int, isForged: Bool) {
        guard !isForged || settings.fault == .aggregator(.believesForgeries) else {
            tally("forgery refused")
            return
        }
        let id = devices[index].id
        var heard = Hearing.known
        switch content {
        case .presence(let presence):
            heard = aggregator.process?.register.hear(presence, from: id, at: now) ?? .known
        case .state(let state):
            heard = aggregator.process?.register.hear(state, from: id, at: now) ?? .known
        case .events(let batch):
            heard = aggregator.process?.register.hear(batch, from: id, at: now) ?? .known
        }
        if heard != .notForUs { aggregator.process?.known.insert(id) }
        if settings.fault == .aggregator(.acknowledgesEarly) { acknowledgeEarly() }
        guard aggregator.process?.isCommitPlanned == false else { return }
        aggregator.process?.isCommitPlanned = true
        plan(.aggregatorCommits(life: aggregator.life), after: settings.commitDelay)
    }

    /// The planted fault: devices hear of it before it is written down.
    private func acknowledgeEarly() {
        guard let changes = aggregator.process?.register.takeChanges() else { return }
        aggregator.process?.early.append(changes)
        acknowledge(changes)
    }

    private func acknowledge(_ changes: RegisterChanges) {
        for acknowledgement in changes.acknowledgements {
            guard let index = devices.firstIndex(where: { $0.id == acknowledgement.device }) else {
                continue
            }
            pass(.brokerTakesAcknowledgement(index, signed(acknowledgement)))
        }
    }

    private func signed(_ content: some SignedPayload) -> SignedMessage {
        SignedMessage(content) { bytes, namespace in key.sign(bytes, namespace: namespace) }
    }

    // MARK: Git

    private func lookAtGit() {
        guard let seen = aggregator.process?.seen,
            let chain = git.chain(from: seen, to: git.served)
        else { return }
        // Each release is judged by itself; what is after an unsigned one is not looked at.
        let good = chain.dropFirst().prefix { git[$0].isSigned }
        guard let newest = good.last else { return }
        aggregator.process?.seen = newest
        let salt = SHA256.hash("salt \(settings.seed) \(newest)".utf8).description.prefix(32)
        let head = git[newest]
        let release = RolloutRelease(
            revision: head.revision, tree: head.tree, manifest: head.manifest,
            salt: String(salt))
        resolveAll(under: newest)
        commit(.released(release))
    }

    private func resolveAll(under release: Int) {
        let revision = git[release].revision
        let expectations = devices.map { device in
            (device.id, Expectation.digest(git.digest(of: release, for: device.role)))
        }
        aggregator.process?.register.expect(expectations, under: revision)
    }

    /// What devices should have that are new, or that changed.
    private func resolveNew() {
        guard let process = aggregator.process else { return }
        let state = process.machine.state
        for release in [state.current?.release, state.queued].compactMap(\.self) {
            guard let number = git.number(of: release.revision) else { continue }
            resolveAll(under: number)
        }
    }

    // MARK: Deciding

    /// One transaction: what was heard, and what the engine makes of it. Only then devices hear.
    func commit(_ input: RolloutInput) {
        guard var process = aggregator.process else { return }
        process.isCommitPlanned = false
        aggregator.process = process
        resolveNew()
        process = aggregator.process ?? process
        let before = process.machine.state
        let register = process.register
        let forgets = settings.fault == .aggregator(.forgetsDevice)
        let effects = process.machine.step(input, at: now) { release in
            let fleet = register.fleet(under: release)
            return forgets ? Array(fleet.dropLast()) : fleet
        }
        checkDecisions(effects, process, before)
        process.register.newestOrder = process.machine.state.lastSequence
        let changes = process.register.takeChanges()
        for some in process.early + [changes] { write(some) }
        process.early = []
        if process.machine.state != before {
            aggregator.store.rollout = Array(process.machine.state.json.canonical.utf8)
        }
        aggregator.process = process
        acknowledge(changes)
        for effect in effects {
            switch effect {
            case .publish(let order):
                tally("order")
                checkers.published(order)
                pass(.brokerTakesOrder(signed(order)))
            case .log(let decision):
                outcome.decisions.append(decision)
                tally(decision.kind.rawValue)
                trace.mix(decision.digest.description)
            case .refused: break
            }
        }
    }

    private func write(_ changes: RegisterChanges) {
        for row in changes.rows { aggregator.store.rows[row.id] = Array(row.json.canonical.utf8) }
        for event in changes.events {
            aggregator.store.events.insert(VirtualStore.name(event.device, event.event))
        }
    }

    private func checkDecisions(
        _ effects: [RolloutEffect], _ process: VirtualAggregator.Process, _ before: RolloutState
    ) {
        guard let current = process.machine.state.current else { return }
        let fleet = process.register.fleet(under: current.release.revision)
        let counted =
            settings.fault == .aggregator(.forgetsDevice) ? Array(fleet.dropLast()) : fleet
        let report = process.machine.report(on: counted, at: now)
        if let fault = checkers.addUp(report, known: process.known.count) { violate(fault) }
        for case .log(let decision) in effects where decision.kind == .opened {
            let fault = checkers.opened(
                decision, before: before, after: process.machine.state, process.register, self)
            if let fault { violate(fault) }
        }
    }
}
