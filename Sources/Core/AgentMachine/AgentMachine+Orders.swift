internal import FleetModel

/// Orders: in a fleet with waves they say whose turn it is, and everywhere that there is news.
extension AgentMachine {
    /// The release that the order opens here at this moment.
    func opened(at now: Instant) -> Revision? {
        guard let order, order.isOpen, now >= order.startAt, now < order.startBefore else {
            return nil
        }
        return order.release
    }

    /// Whether what was begun under an order may go on. What stops is obeyed however late; that
    /// the time for beginning is over stops nothing.
    func mayGoOn(_ opened: Revision?) -> Bool {
        guard let opened else { return true }
        return order?.release == opened && order?.isOpen == true
    }

    /// When the order makes a look due; nil where it says nothing new.
    var orderDue: Instant? {
        guard let order, let wanted = wantedAttention, wanted != attention else { return nil }
        // What only closes needs no look.
        if wanted.opened == nil, wanted.tip == attention?.tip { return nil }
        return order.startAt
    }

    private var wantedAttention: OrderAttention? {
        order.map { OrderAttention(tip: $0.tip, opened: $0.isOpen ? $0.release : nil) }
    }

    mutating func take(_ view: OrderView?, at now: Instant) {
        order = view
        if view?.isOpen != true { attention?.opened = nil }
        if let view, let missed = missedStart, view.startBefore > missed {
            // Renewed: what it was too late for may begin after all.
            attention?.opened = nil
            missedStart = nil
        }
        keepPace(at: now)
    }

    mutating func linkChanged(isUp: Bool, at now: Instant) {
        linkIsUp = isUp
        keepPace(at: now)
    }

    /// While orders tell of news, Git is looked at once a day; without them as before, and at once
    /// as before when they end.
    var isQuiet: Bool { linkIsUp && order != nil }

    private mutating func keepPace(at now: Instant) {
        guard !isQuiet else { return }
        nextFetch = min(nextFetch, now + pace.spreadOut(pace.fetchInterval))
    }

    /// Begins what the order wants: a tip that is known already is not fetched again.
    mutating func followOrder(at now: Instant) -> [AgentEffect] {
        guard let order else { fatalError("no order was followed") }
        guard now < order.startBefore || order.tip != knownTip else {
            // Too late to begin; a renewed order may open it again.
            attention = OrderAttention(tip: order.tip, opened: order.release)
            missedStart = order.startBefore
            return []
        }
        if order.tip == knownTip { return stage(order.tip, at: now) }
        state = .fetching
        return [.fetch]
    }

    mutating func stage(_ tip: Revision, at now: Instant) -> [AgentEffect] {
        let opened = opened(at: now)
        state = .staging(tip: tip, opened: opened)
        if let order { attention = OrderAttention(tip: order.tip, opened: opened) }
        return [.stage(tip: tip, applies: !isHeld, opened: opened)]
    }

    /// Git was looked at and gave `tip`. Where the order names another one, Git is behind, or is
    /// kept behind: it is asked again, ever more rarely.
    mutating func looked(at tip: Revision, now: Instant) {
        knownTip = tip
        fetchFailures = 0
        nextFetch = now + pace.spreadOut(isQuiet ? pace.quietInterval : pace.fetchInterval)
        guard let order, order.tip != tip else {
            missedTips = 0
            return
        }
        missedTips += 1
        nextFetch = min(nextFetch, now + pace.retryDelay(after: missedTips))
    }

    /// Throws away what was staged under an order that is closed by now.
    mutating func discardClosed(_ candidate: Candidate) -> [AgentEffect] {
        state = .idle
        attention?.opened = nil
        return [
            .discard(generation: candidate.generation), .record(.waiting(candidate.revision)),
        ]
    }
}
