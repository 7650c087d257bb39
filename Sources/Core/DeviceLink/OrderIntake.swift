internal import FleetModel
internal import ReleaseTrust
internal import WireMessages

/// Which order is believed, and what it means here and now.
///
/// What an order starts is started only while it is fresh; what it stops is obeyed however late it
/// is. Its age is told by the clock where that can be believed, which is where it is not before what
/// is signed, and else by the time that went by since the order came.
struct OrderIntake: ~Copyable, Sendable {
    private let identity: LinkIdentity
    private let pace: LinkPace
    private let orderJudge: OrderJudge
    private let acknowledgementJudge: AcknowledgementJudge
    private let boot: String
    private let began: Instant
    var labels = Labels()
    private var trust: LinkTrust?
    private var memory: OrderMemory
    private var keptMemory: OrderMemory
    private var keptAt: Instant
    /// Not to be believed before Git has told more: its key is not known, or its time.
    private var pending: SignedMessage?
    /// Came before anything was trusted.
    private var early: SignedMessage?
    private var hintAt: Instant?
    private var lastHint = Instant(nanoseconds: .min)
    /// Since when the rollout of the newest order is open here, without a break.
    private var opened: (rollout: String, since: Instant)?
    private var view: OpenOrder?
    /// Since when Git does not give what the newest order names.
    private var missingSince: Instant?
    private(set) var isStale = false
    /// When staleness is to be looked at again.
    private(set) var wakeAt = Instant(nanoseconds: .max)
    private var lastRefusal: String?

    init(
        identity: LinkIdentity, pace: LinkPace, memory: OrderMemory, boot: String,
        verifier: MessageVerifier, now: Instant
    ) {
        self.identity = identity
        self.pace = pace
        self.memory = memory
        self.boot = boot
        orderJudge = OrderJudge(channel: identity.channel, verifier: verifier)
        acknowledgementJudge = AcknowledgementJudge(
            channel: identity.channel, device: identity.device, verifier: verifier)
        keptMemory = memory
        keptAt = now
        began = now
    }

    /// Of the newest order that is believed.
    var sequence: Int64? { newest?.order.sequence }

    var isOpen: Bool { view?.isOpen ?? false }

    /// Believed when it came, and signed by a key that trust knows still.
    var newest: OrderMemory.Believed? { trust == nil ? nil : memory.newest }

    // MARK: What comes

    mutating func received(_ message: SignedMessage, at moment: LinkMoment) -> [LinkEffect] {
        guard let trust else {
            early = message
            return []
        }
        do throws(MessageRefusal) {
            let believed = try orderJudge.judge(
                message, signers: trust.signers, floors: memory.floors, at: latest(moment))
            pending = nil
            hintAt = nil
            lastRefusal = nil
            // A broker gives what it keeps to every session, and that is no news.
            return believed.isRepeated ? [] : believe(believed, at: moment)
        } catch {
            if error.code == .unknownKey || error.code == .tooFarAhead, message != pending {
                pending = message
                hintAt = max(moment.monotonic, lastHint + pace.hintSpacing)
            }
            return refused("an order is not believed: \(error)")
        }
    }

    /// One reason is told once, however often it comes.
    private mutating func refused(_ reason: String) -> [LinkEffect] {
        if lastRefusal == reason { return [] }
        lastRefusal = reason
        return [.say(reason)]
    }

    private mutating func believe(
        _ believed: BelievedOrder, at moment: LinkMoment
    ) -> [LinkEffect] {
        memory.floors.raise(by: believed)
        memory.newest = OrderMemory.Believed(
            order: believed.order, key: believed.signer.key.fingerprint,
            arrival: OrderMemory.Arrival(boot: boot, at: moment.monotonic))
        let isDue = moment.monotonic - keptAt >= pace.orderKeeping
        guard isDue || memory.differsInContent(from: keptMemory) else { return [] }
        return keep(at: moment)
    }

    private mutating func keep(at moment: LinkMoment) -> [LinkEffect] {
        keptMemory = memory
        keptAt = moment.monotonic
        return [.keepOrder(memory)]
    }

    /// Where trust stands now. With a key goes what it signed, and its floor.
    mutating func trusts(_ trust: LinkTrust, at moment: LinkMoment) -> [LinkEffect] {
        self.trust = trust
        memory.keep(only: trust.signers)
        var effects: [LinkEffect] = []
        if memory.floors.byKey.keys != keptMemory.floors.byKey.keys { effects = keep(at: moment) }
        // What was looked for in Git once is not looked for again.
        if let message = early ?? pending {
            early = nil
            effects += received(message, at: moment)
        }
        return effects
    }

    func acknowledgement(
        in message: SignedMessage, at moment: LinkMoment
    ) -> Result<Acknowledgement, MessageRefusal> {
        guard let trust else {
            return .failure(MessageRefusal(.unknownKey, "nothing is trusted yet"))
        }
        do throws(MessageRefusal) {
            return .success(
                try acknowledgementJudge.judge(
                    message, signers: trust.signers, at: latest(moment)))
        } catch {
            return .failure(error)
        }
    }

    /// The latest time that it can be said to be.
    private func latest(_ moment: LinkMoment) -> Instant { max(knownTime, moment.wall) }

    // MARK: Time

    mutating func resume(at moment: LinkMoment) -> [LinkEffect] {
        let now = moment.monotonic
        var effects: [LinkEffect] = []
        if let due = hintAt, now >= due {
            hintAt = nil
            lastHint = now
            effects.append(.wantFetch)
        }
        let meaning = meaning(at: moment)
        if meaning.map({ view?.differs(from: $0) ?? true }) ?? (view != nil) {
            view = meaning
            effects.append(.orderChanged(meaning))
        }
        judgeFreshness(at: moment)
        return effects
    }

    /// No time before it is possible.
    private var knownTime: Instant {
        max(
            trust?.committed ?? Instant(nanoseconds: 0),
            memory.newest?.order.issued ?? Instant(nanoseconds: 0))
    }

    /// When a time of day comes, by the monotonic clock; nil where nobody can tell.
    private func monotonic(_ time: Instant, at moment: LinkMoment) -> Instant? {
        if moment.wall >= knownTime { return moment.monotonic + (time - moment.wall) }
        guard let arrival = memory.newest?.arrival, arrival.boot == boot else { return nil }
        return arrival.at + (time - knownTime)
    }

    private mutating func meaning(at moment: LinkMoment) -> OpenOrder? {
        guard let order = newest?.order else {
            opened = nil
            return nil
        }
        let past = Instant(nanoseconds: .min)
        let end = monotonic(order.expires, at: moment) ?? past
        let isOpen =
            moment.monotonic < end && order.opens(to: identity.device, labels: labels)
        guard isOpen else {
            opened = nil
            return OpenOrder(
                release: order.release, tip: order.tip, isOpen: false, startAt: past,
                startBefore: past)
        }
        // An order is renewed under a new sequence; who waits for his moment in its spread goes on
        // waiting for the same moment.
        let rollout = "\(order.release) \(order.salt)"
        let since = opened?.rollout == rollout ? opened?.since : nil
        opened = (rollout, since ?? moment.monotonic)
        return OpenOrder(
            release: order.release, tip: order.tip, isOpen: true,
            startAt: (since ?? moment.monotonic) + order.startDelay(of: identity.device),
            startBefore: monotonic(order.startBefore, at: moment) ?? past)
    }

    // MARK: Freshness

    /// Somebody may keep orders from us, or releases.
    private mutating func judgeFreshness(at moment: LinkMoment) {
        let now = moment.monotonic
        let never = Instant(nanoseconds: .max)
        let tooOld = newest.map { oldAt($0, at: moment) } ?? never
        if isTipMissing { missingSince = missingSince ?? now } else { missingSince = nil }
        let missing = missingSince.map { $0 + pace.tipPatience } ?? never
        isStale = now >= tooOld || now >= missing
        let next = [tooOld, missing].filter { $0 > now }.min() ?? never
        // The clock may be set meanwhile.
        let clock = newest == nil ? never : now + pace.clockPatience
        wakeAt = min(next, hintAt ?? never, clock)
    }

    private func oldAt(_ newest: OrderMemory.Believed, at moment: LinkMoment) -> Instant {
        if moment.wall >= knownTime {
            return moment.monotonic + (newest.order.issued + pace.orderAge - moment.wall)
        }
        let since = newest.arrival.boot == boot ? newest.arrival.at : began
        return since + pace.orderAge
    }

    /// A head that was committed after the order is newer than what the order knows.
    private var isTipMissing: Bool {
        guard let trust, let order = newest?.order, order.tip != trust.head else { return false }
        return trust.committed <= order.issued
    }
}
