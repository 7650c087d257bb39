internal import FleetModel

/// Orders. In a fleet that rolls out in waves they say whose turn it is, and in every fleet that
/// there is news: a device that hears them need not ask Git all the time.
extension AgentMachine {
    // MARK: What an order lets happen

    /// The release whose content may be begun now. Nothing is begun for a device that is held.
    func opened(at now: Instant) -> Revision? {
        guard let order, order.isOpen, !isHeld, now >= order.startAt, now < order.startBefore
        else { return nil }
        return order.release
    }

    /// Whether what stands ready may be moved to. What was staged without an order needs none: its
    /// fleet does without. The device's moment in the spread came when it began to stage, so only the
    /// end counts here.
    func mayMove(to ready: Ready, at now: Instant) -> Bool {
        guard ready.isOrdered else { return true }
        guard let order else { return false }
        return order.lets(ready.candidate.revision) && now < order.startBefore
    }

    /// Whether a move that has begun may go on to its flip. What stops is obeyed however late it
    /// comes, and that the time to begin is over stops nothing.
    func mayFlip(under release: Revision?) -> Bool {
        guard let release else { return true }
        return order?.lets(release) ?? false
    }

    /// Throws away what was staged for an order that is closed by now.
    mutating func withdraw(_ candidate: Candidate, at now: Instant) -> [AgentEffect] {
        state = .idle
        followed = nil
        lookSoon(at: now)
        return [
            .discard(generation: candidate.generation), .record(.waiting(candidate.revision)),
        ]
    }

    /// The same when units have been stopped already for a flip that is not to come.
    mutating func withdraw(
        _ move: Move, under release: Revision, at now: Instant
    ) -> [AgentEffect] {
        state = .undoing(move)
        followed = nil
        lookSoon(at: now)
        return [.record(.waiting(release)), .changeUnits(move, .undo)]
    }

    // MARK: News

    mutating func take(_ view: OrderView?, at now: Instant) {
        let wasQuiet = isQuiet
        order = view
        if let followed, view?.lets(followed) != true { self.followed = nil }
        isOrderOver = view.map { now >= $0.startBefore } ?? false
        replan(wasQuiet, at: now)
    }

    mutating func takeLink(isUp: Bool, at now: Instant) {
        let wasQuiet = isQuiet
        linkIsUp = isUp
        replan(wasQuiet, at: now)
    }

    /// When the order makes something due; nil where it says nothing new.
    var orderDue: Instant? {
        guard let order else { return nil }
        let opening = hasOpening ? max(order.startAt, postponedUntil ?? order.startAt) : nil
        return [hintDue, opening].compactMap { $0 }.min()
    }

    /// A tip that was asked for in vain while Git can't be reached is part of that trouble.
    private var hintDue: Instant? {
        guard let order, let due = hints.dueAt(order.tip) else { return nil }
        return hints.isMissed(order.tip) ? max(due, fetchFailures > 0 ? nextFetch : due) : due
    }

    /// A release that is open, or will be, and was not looked at since it is.
    private var hasOpening: Bool {
        guard let order, order.isOpen, !isOrderOver, !isHeld, lookedTip != nil else {
            return false
        }
        return followed != order.release
    }

    /// Begins what the order makes due. A tip that the device has is not fetched again.
    mutating func followOrder(at now: Instant) -> [AgentEffect] {
        if let due = hintDue, now >= due { return fetch() }
        if let order, now >= order.startBefore { isOrderOver = true }
        guard hasOpening, let lookedTip, opened(at: now) != nil, now >= postponedUntil ?? now
        else { return [] }
        return stage(lookedTip, isFresh: false, at: now)
    }

    mutating func fetch() -> [AgentEffect] {
        state = .fetching
        askedFor = order.flatMap { hints.isGiven($0.tip) ? nil : $0.tip }
        return [.fetch]
    }

    mutating func stage(_ tip: Revision, isFresh: Bool, at now: Instant) -> [AgentEffect] {
        let opened = opened(at: now)
        followed = opened
        state = .staging(tip: tip, opened: opened, isFresh: isFresh)
        let applies = !isHeld && !waitsOut(opened ?? tip, at: now)
        return [.stage(tip: tip, applies: applies, opened: opened)]
    }

    /// Git was asked, whatever came of it.
    mutating func noteAnswer(_ tip: Revision?, at now: Instant) {
        if let tip { hints.gave(tip) }
        if let askedFor, !hints.isGiven(askedFor) {
            hints.missed(askedFor, at: now, pace: pace)
        }
        askedFor = nil
    }

    // MARK: How often Git is asked

    /// While orders tell of news, and nothing is to be tried again, Git is asked once a day. A broker
    /// without orders tells of nothing.
    var isQuiet: Bool { linkIsUp && order != nil && !isUnsettled }

    /// A stage came to a verdict. Only what Git said itself counts as a look at it: whoever writes
    /// orders must not keep a device from asking Git.
    mutating func noteVerdict(on tip: Revision, isFresh: Bool, isFinal: Bool, at now: Instant) {
        isUnsettled = !isFinal
        guard isFresh else {
            if !isFinal { lookSoon(at: now) }
            return
        }
        noteAnswer(tip, at: now)
        fetchFailures = 0
        lastLook = now
        nextFetch = now + pace.spreadOut(isQuiet ? pace.quietInterval : pace.fetchInterval)
    }

    /// Something is to be tried again that no order will tell of.
    mutating func lookSoon(at now: Instant) {
        isUnsettled = true
        nextFetch = min(nextFetch, now + pace.spreadOut(pace.fetchInterval))
    }

    /// Devices that lose their broker at one moment must not ask Git at one moment.
    private mutating func replan(_ wasQuiet: Bool, at now: Instant) {
        guard wasQuiet != isQuiet, fetchFailures == 0, let lastLook else { return }
        nextFetch =
            isQuiet
            ? lastLook + pace.spreadOut(pace.quietInterval)
            : max(
                lastLook + pace.spreadOut(pace.fetchInterval),
                now + pace.place(within: pace.fetchInterval))
    }
}
