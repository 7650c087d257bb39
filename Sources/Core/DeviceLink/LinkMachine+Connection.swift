internal import FleetModel
internal import WireMessages

extension LinkMachine {
    /// A word for `status`.
    package var state: String {
        switch connection {
        case .waiting: "down"
        case .resolving: "resolving"
        case .connecting: "connecting"
        case .recalling: "recalling"
        case .up: "up"
        case .leaving, .left: "leaving"
        }
    }

    package var isUp: Bool { currentEpoch != nil }
    /// The last word is on its way; `settled` ends it.
    package var isLeaving: Bool {
        if case .leaving = connection { true } else { false }
    }
    /// Nothing more will come of it.
    package var hasLeft: Bool { connection == .left }
    /// Why there is no connection, where that is known.
    package var problem: String? { isUp ? nil : lastProblem }

    /// The epoch of the session that stands.
    package var currentEpoch: Int64? {
        if case .up(let epoch, _) = connection { epoch } else { nil }
    }

    var connectionWakeAt: Instant {
        switch connection {
        case .waiting(let until), .connecting(_, _, let until), .recalling(let until),
            .leaving(let until):
            until
        case .resolving, .up, .left: never()
        }
    }

    // MARK: What happened

    mutating func takeConnection(_ input: LinkInput, at moment: LinkMoment) {
        let now = moment.monotonic
        switch (connection, input) {
        case (_, .resolved(let found)):
            guard !found.isEmpty else {
                takeConnection(.resolveFailed("the broker's name has no address"), at: moment)
                return
            }
            addresses = found
            addressesSince = now
            firstAddress = 0
            if connection == .resolving { connect(to: 0, at: now) }
        case (.resolving, .resolveFailed(let reason)):
            lastProblem = reason
            // A dead name server is no reason not to try where the broker was.
            if addresses.isEmpty {
                retryLater(isRefusal: false, at: now)
            } else {
                connect(to: 0, at: now)
            }
        case (.connecting(let index, let epoch, _), .connected):
            firstAddress = position(index)
            begin(epoch: epoch, at: now)
        case (.connecting(let index, _, _), .disconnected(let reason, let isRefusal)):
            failed(at: index, because: reason, isRefusal: isRefusal, at: now)
        case (.recalling, .disconnected(let reason, let isRefusal)):
            lastProblem = reason
            retryLater(isRefusal: isRefusal, at: now)
        case (.recalling, .subscribed):
            connection = .recalling(until: now + pace.recallPatience)
        case (.up(_, let since), .disconnected(let reason, let isRefusal)):
            lastProblem = reason
            effects.append(.linkChanged(isUp: false))
            if now - since >= pace.steady { failures = 0 }
            retryLater(isRefusal: isRefusal, at: now)
        case (.up(let epoch, _), .stop):
            effects.append(.tell(.presence(Presence(online: false, epoch: epoch))))
            effects.append(.linkChanged(isUp: false))
            connection = .leaving(until: now + pace.leavePatience)
        case (.leaving, .settled):
            leave()
        case (.leaving, .disconnected), (.left, .disconnected):
            connection = .left
        case (_, .stop) where connection != .left && !isLeaving:
            leave()
        default:
            // An answer to what is not waited for any more.
            break
        }
    }

    /// Ends what stands, and tries at once, and from the beginning, what is tried again later.
    mutating func reconnect(at now: Instant) {
        switch connection {
        case .up:
            effects.append(.linkChanged(isUp: false))
            effects.append(.disconnect)
            connection = .waiting(until: now)
        case .waiting:
            connection = .waiting(until: now)
        case .resolving, .connecting, .recalling:
            break
        case .leaving, .left:
            return
        }
        failures = 0
    }

    private mutating func leave() {
        connection = .left
        effects.append(.disconnect)
    }

    // MARK: Time

    mutating func resumeConnection(at moment: LinkMoment) {
        let now = moment.monotonic
        guard now >= connectionWakeAt else { return }
        switch connection {
        case .waiting:
            if needsName(at: now) {
                connection = .resolving
                effects.append(.resolve)
            } else {
                connect(to: 0, at: now)
            }
        case .connecting(let index, _, _):
            effects.append(.disconnect)
            failed(
                at: index, because: "no answer within \(pace.connectPatience)", isRefusal: false,
                at: now)
        case .recalling:
            // Nobody remembers this device. The clock is later than any session that it had.
            renew(above: moment.wall.nanoseconds / 1_000_000, at: moment)
        case .leaving:
            leave()
        case .resolving, .up, .left:
            break
        }
    }

    private func needsName(at now: Instant) -> Bool {
        if addresses.isEmpty { return true }
        guard let addressesSince else { return false }
        // What did not answer may have moved; what hung up is first looked for where it was.
        return failures > 1 || now - addressesSince >= pace.addressAge
    }

    // MARK: Connecting

    /// The place of the `index`-th try in the list.
    private func position(_ index: Int) -> Int { (firstAddress + index) % addresses.count }

    private mutating func connect(to index: Int, at now: Instant) {
        let epoch = takeEpoch()
        connection = .connecting(index: index, epoch: epoch, until: now + pace.connectPatience)
        effects.append(
            .connect(
                address: addresses[position(index)],
                will: epoch.map { Presence(online: false, epoch: $0) }))
    }

    private mutating func takeEpoch() -> Int64? {
        let kept = epochs.kept
        let epoch = epochs.take()
        if let now = epochs.kept, now != kept { effects.append(.keepEpoch(now)) }
        return epoch
    }

    private mutating func failed(
        at index: Int, because reason: String, isRefusal: Bool, at now: Instant
    ) {
        lastProblem = reason
        if index + 1 < addresses.count {
            connect(to: index + 1, at: now)
        } else {
            retryLater(isRefusal: isRefusal, at: now)
        }
    }

    private mutating func retryLater(isRefusal: Bool, at now: Instant) {
        failures += 1
        connection = .waiting(
            until: now + pace.retryDelay(after: failures, isRefusal: isRefusal))
    }

    // MARK: A session

    private mutating func begin(epoch: Int64?, at now: Instant) {
        guard let epoch else {
            effects.append(.subscribe([identity.topics.presence(identity.device)]))
            // A slow link may take its time; the wait for the answer begins with `subscribed`.
            connection = .recalling(until: now + pace.connectPatience)
            return
        }
        connection = .up(epoch: epoch, since: now)
        lastProblem = nil
        if outbox.origin == nil { keep(outbox.begin(in: epoch)) }
        effects.append(.subscribe(identity.subscriptions))
        effects.append(.tell(.presence(Presence(online: true, epoch: epoch))))
        effects.append(.linkChanged(isUp: true))
        teller.begin()
        courier.begin()
    }

    mutating func recalled(_ presence: Presence, at moment: LinkMoment) {
        guard case .recalling = connection else { return }
        // Presence is not signed. Whoever wrote such a number there must not wear ours out.
        guard presence.epoch <= SessionEpochs.highest else {
            let reason = "the broker remembers the epoch \(presence.epoch), which no device has"
            sayOnce("\(reason); it is not believed")
            return
        }
        renew(above: presence.epoch, at: moment)
    }

    /// The disk did not take the epoch, so it will not know of it in the next life. From now on the
    /// clocks see to it that each life has its own: once is enough, for within a life it is counted.
    mutating func epochWasNotKept(at moment: LinkMoment) {
        guard !epochs.areOfClock, epochs.kept != nil else { return }
        epochs.begin(atLeast: moment)
        if let kept = epochs.kept { effects.append(.keepEpoch(kept)) }
        // Nobody has heard of a session that is only being made.
        if case .connecting = connection {
            effects.append(.disconnect)
            connect(to: 0, at: moment.monotonic)
        }
    }

    /// Goes on in a new epoch. The will of the session that stands names the old one, so it is
    /// ended.
    mutating func renew(above known: Int64, at moment: LinkMoment) {
        let now = moment.monotonic
        if isUp {
            // Whoever says so again and again means another device with our name.
            guard now - lastRenewal >= pace.renewalSpacing else { return }
            effects.append(.say("somebody knows this device from a later life; it begins anew"))
            effects.append(.linkChanged(isUp: false))
            lastRenewal = now
        }
        let isNewCount = isUp
        epochs.begin(above: known)
        if let kept = epochs.kept { effects.append(.keepEpoch(kept)) }
        // What a device without memory remembers of events it remembers rightly.
        if isNewCount, let upcoming = epochs.upcoming { keep(outbox.begin(in: upcoming)) }
        effects.append(.disconnect)
        connect(to: 0, at: now)
    }
}
