internal import ChannelWatch
internal import Digests
internal import FleetModel
internal import FleetRegister
internal import HostSystem
internal import Ingest
internal import ReleaseTrust
internal import Resolution
internal import RolloutEngine
internal import WireMessages

// What comes in: devices' messages, and what the channel's thread found.
extension RolloutService {
    /// Takes what the bus brought, as long as it can be kept.
    func hearWaiting() {
        while storeProblem == nil, let batch = ingest.takeBatch() {
            let now = wall()
            for message in batch { hear(message, at: now) }
            isStepDue = true
            goOn()
        }
        listen()
    }

    /// The engine opens nothing while the bus is not heard, or what is heard can't be kept: its
    /// picture would be old.
    private func listen() {
        let settled = ingest.status.isSettled && storeProblem == nil
        guard settled != isListening else { return }
        if settled {
            decide(.listening(true))
            isListening = storeProblem == nil
        } else {
            stopListening()
        }
        listeners.changed()
    }

    func stopListening() {
        isListening = false
        machine.stopListening()
    }

    private func hear(_ message: HeardMessage, at now: Instant) {
        switch message.word {
        case .presence(let presence): register.hear(presence, from: message.device, at: now)
        case .events(let batch): register.hear(batch, from: message.device, at: now)
        case .state(let state):
            register.hear(state, from: message.device, at: now)
        }
    }

    /// Devices whose labels, facts or agent changed should perhaps have something else now.
    func resolveAnew(_ devices: [DeviceID]) {
        for id in devices {
            guard let row = register[id], row.state != nil else { continue }
            if let identity = row.identity {
                expectations.setIdentity(identity)
            } else {
                // It tells too little of itself to resolve anything for it; a newer agent tells.
                for release in expectations.releases {
                    register.expect([(id, .needsAgent)], under: release)
                }
            }
        }
    }

    // MARK: The channel

    func hear(_ report: ChannelWatch.Report) {
        switch report {
        case .view(let found): see(found)
        case .content(let content):
            contents[content.release] = content
            if let faults = content.faults {
                settings.log("the release \(content.release.short) can't be rolled out: \(faults)")
            }
        case .expectations(let number, _, let answers):
            guard let (release, news) = expectations.take(answers, to: number) else { return }
            register.expect(
                news.map { ($0.key, Expectation($0.value)) }, under: release)
            isStepDue = true
        case .unanswered(let number, let release, let fault):
            settings.log("what \(release.short) means can't be told: \(fault)")
            expectations.giveBack(number)
            // The next look asks for its content again.
            if number == 0, arriving == release { arriving = nil }
            nextAsk = Clocks.monotonic() + .seconds(5)
        }
        listeners.changed()
    }

    private func see(_ found: ChannelView) {
        let before = view
        view = found
        if found.failure == nil, found.seen != nil { counters.looks += 1 }
        if let failure = found.failure {
            counters.failedLooks += 1
            if before.failure != failure { settings.log("can't look at the channel: \(failure)") }
        } else if before.failure != nil {
            settings.log("the channel can be looked at again")
        }
        if let refusal = found.refusal, before.refusal != refusal { settings.log("\(refusal)") }
        guard let head = found.head, found.failure == nil, found.seen != nil else { return }
        if before.head?.release != head.release {
            settings.log("the channel's trusted release is \(head.release.short)")
        }
        // What nobody trusts any more is not newly applied.
        guard found.isHeadSignerTrusted, machine.state.tip != head.release else {
            arriving = nil
            return
        }
        guard arriving != head.release else { return }
        arriving = head.release
        watch.askContent(number: 0, of: head.release)
    }

    /// Hands the channel's release to the engine as soon as it is known what it means for every
    /// device.
    func release() {
        guard let arriving, let content = contents[arriving], content.mode != nil,
            expectations.isComplete(for: arriving)
        else { return }
        self.arriving = nil
        resolveAnew(register.rows.filter { $0.identity == nil }.map(\.id))
        let salt = Program.randomBytes(16)
        decide(
            .released(
                RolloutRelease(
                    revision: arriving, tree: content.tree, manifest: content.rollout,
                    salt: Hex.encode(salt))))
        guard storeProblem == nil else {
            // It comes again when there is room.
            self.arriving = arriving
            return
        }
        contents = contents.filter { expectations.releases.contains($0.key) }
    }

    /// Asks what devices should have, some of them at a time.
    func ask() {
        guard Clocks.monotonic() >= nextAsk, let question = expectations.nextQuestion() else {
            return
        }
        watch.askExpectations(
            number: question.number, of: question.devices, under: question.release)
    }
}

extension RolloutMachine {
    /// The releases whose meaning matters: the current one first.
    var releases: [Revision] {
        [state.current?.release.revision, state.queued?.revision].compactMap(\.self)
    }
}

extension Expectation {
    init(_ state: ExpectedState) {
        switch state {
        case .digest(let digest): self = .digest(digest)
        case .needsAgent: self = .needsAgent
        case .invalid: self = .rejected
        }
    }
}

extension DeviceRow {
    /// Nil where its state is not known, or tells too little.
    var identity: DeviceIdentity? { state.flatMap { DeviceIdentity(of: $0) } }
}
