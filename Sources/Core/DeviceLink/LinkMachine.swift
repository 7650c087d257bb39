package import FleetModel
package import WireMessages

/// The device's side of the bus: when to connect, what to say when, what to believe, and what to
/// keep until it was heard.
///
/// It does nothing itself. A shell carries out its effects in their order and answers; the same
/// machine runs on devices and in simulation.
package struct LinkMachine: ~Copyable, Sendable {
    enum Connection: Equatable, Sendable {
        case waiting(until: Instant)
        case resolving
        /// To `addresses[index]`; the broker has until then.
        case connecting(index: Int, epoch: Int64?, until: Instant)
        /// Connected, but without memory: the broker may still know which epoch was the last.
        case recalling(until: Instant)
        case up(epoch: Int64, since: Instant)
        /// The last presence is on its way.
        case leaving(until: Instant)
        case left
    }

    let identity: LinkIdentity
    let pace: LinkPace
    var connection: Connection
    var addresses: [String]
    /// When the addresses were looked up; nil for one that needs no looking up.
    var addressesSince: Instant?
    /// The address that answered last is the first to be tried again.
    var firstAddress = 0
    /// Connections in a row that failed or did not last.
    var failures = 0
    var lastProblem: String?
    var epochs: SessionEpochs
    var lastRenewal = Instant(nanoseconds: .min)
    package internal(set) var outbox: Outbox
    var teller: StateTeller
    var courier: EventCourier
    var orders: OrderIntake
    var report: ReportedState?
    /// One reason is told once, however often it comes.
    private var lastRefusal: String?
    var effects: [LinkEffect] = []

    /// - Parameters:
    ///   - address: Where the broker is configured by its address.
    ///   - memory: What the disk remembers.
    ///   - boot: Names this boot of the machine.
    package init(
        identity: LinkIdentity, pace: LinkPace, address: String?, memory: LinkMemory,
        boot: String, verifier: MessageVerifier, now: Instant
    ) {
        self.identity = identity
        self.pace = pace
        connection = .waiting(until: now + pace.startDelay)
        addresses = address.map { [$0] } ?? []
        epochs = SessionEpochs(memory: memory.epoch)
        outbox = memory.outbox
        teller = StateTeller(pace: pace)
        courier = EventCourier(pace: pace)
        orders = OrderIntake(
            identity: identity, pace: pace, memory: memory.order, boot: boot,
            verifier: verifier, now: now)
        if let epoch = epochs.kept { effects.append(.keepEpoch(epoch)) }
    }

    /// What was said, and what is kept of that which must outlive the agent.
    package mutating func handle(_ input: LinkInput, at moment: LinkMoment) -> [LinkEffect] {
        take(input, at: moment)
        resume(at: moment)
        defer { effects = [] }
        return effects
    }

    private mutating func take(_ input: LinkInput, at moment: LinkMoment) {
        switch input {
        case .tick:
            break
        case .resolved, .resolveFailed, .connected, .disconnected, .subscribed, .settled, .stop:
            takeConnection(input, at: moment)
        case .recalled(let presence):
            recalled(presence, at: moment)
        case .acknowledged(let message):
            acknowledged(message, at: moment)
        case .ordered(let message):
            tell(orders.received(message, at: moment))
        case .trusted(let trust):
            tell(orders.trusts(trust, at: moment))
        case .happened(let events):
            keep(outbox.take(events))
        case .reconnect:
            reconnect(at: moment.monotonic)
        case .epochNotKept:
            epochWasNotKept(at: moment)
        case .reported(let state):
            report = state
            orders.labels = state.labels
        }
    }

    /// Does what time, or what was just taken, makes due.
    private mutating func resume(at moment: LinkMoment) {
        tell(orders.resume(at: moment))
        resumeConnection(at: moment)
        guard case .up(let epoch, _) = connection else { return }
        speak(epoch: epoch, at: moment)
    }

    /// When the machine wants the next `tick`, at the latest.
    package var wakeAt: Instant {
        min(connectionWakeAt, orders.wakeAt, speechWakeAt)
    }

    /// The newest order that is believed, and whether this device may have its release.
    package var newestOrder: (order: Order, isOpen: Bool)? {
        orders.newest.map { ($0.order, orders.isOpen) }
    }
    /// Somebody may be keeping orders or releases from this device.
    package var isStale: Bool { orders.isStale }

    func never() -> Instant { Instant(nanoseconds: .max) }

    mutating func tell(_ more: [LinkEffect]) { effects += more }

    mutating func keep(_ records: [OutboxRecord]) {
        if !records.isEmpty { effects.append(.keepOutbox(records)) }
    }

    // MARK: Saying

    private mutating func speak(epoch: Int64, at moment: LinkMoment) {
        if let report { teller.changed(to: completed(report), at: moment.monotonic) }
        if let state = teller.take(epoch: epoch, at: moment) {
            effects.append(.tell(.state(state)))
        }
        guard let origin = outbox.origin,
            let batch = courier.take(outbox, at: moment.monotonic, limit: Self.batchBytes)
        else { return }
        effects.append(
            .tell(
                .events(
                    EventBatch(
                        fleet: identity.channel.fleet, channel: identity.channel.channel,
                        device: identity.device, epoch: origin, events: batch.events,
                        compacted: batch.compacted, compactedUpto: batch.compactedUpto))))
    }

    /// What the events of one message may take; the rest is for what stands around them.
    static let batchBytes = Limits.signedPayloadBytes - (4 << 10)

    private func completed(_ report: ReportedState) -> ReportedState {
        var state = report
        state.order = orders.sequence
        state.isStale = orders.isStale
        return state
    }

    private var speechWakeAt: Instant {
        guard case .up = connection else { return never() }
        return min(teller.dueAt, courier.dueAt(outbox))
    }

    mutating func sayOnce(_ reason: String) {
        if reason != lastRefusal { effects.append(.say(reason)) }
        lastRefusal = reason
    }

    // MARK: What the aggregator knows

    private mutating func acknowledged(_ message: SignedMessage, at moment: LinkMoment) {
        let acknowledgement: Acknowledgement
        switch orders.acknowledgement(in: message, at: moment) {
        case .success(let good): acknowledgement = good
        case .failure(let refusal):
            sayOnce("an acknowledgement is not believed: \(refusal)")
            return
        }
        let knownEpoch = believable(acknowledgement.knownEpoch)
        if let epoch = currentEpoch, knownEpoch > epoch {
            renew(above: knownEpoch, at: moment)
            return
        }
        guard acknowledgement.epoch == outbox.origin else { return }
        if acknowledgement.upto > outbox.last {
            // It heard more from this epoch than we remember: ours begins anew.
            renew(above: max(knownEpoch, acknowledgement.epoch), at: moment)
            return
        }
        failures = 0
        courier.acknowledged(upto: acknowledgement.upto)
        keep(outbox.acknowledge(upto: acknowledgement.upto, origin: acknowledgement.epoch))
    }

    /// A number that no device comes to is somebody's mischief, and would wear ours out. What else the aggregator says holds all the same.
    private mutating func believable(_ knownEpoch: Int64) -> Int64 {
        guard knownEpoch > SessionEpochs.highest else {
            lastRefusal = nil
            return knownEpoch
        }
        sayOnce(
            "the aggregator knows the epoch \(knownEpoch) of this device, which no device has; "
                + "it is not believed")
        return 0
    }
}

/// What the disk remembers of earlier lives.
package struct LinkMemory: Equatable, Sendable {
    package var epoch: Int64?
    package var outbox: Outbox
    package var order: OrderMemory

    package init(epoch: Int64?, outbox: Outbox, order: OrderMemory) {
        self.epoch = epoch
        self.outbox = outbox
        self.order = order
    }
}
