package import FleetModel
package import RolloutEngine
package import WireMessages

/// The aggregator's picture of the fleet, made of what devices say. Pure: messages are verified
/// before they come here, and times are arguments.
///
/// Messages may come late, twice, or in another order; what was heard once changes nothing more.
package struct DeviceRegister: Sendable {
    package let channel: ChannelName
    /// In the order in which the devices were first heard of.
    package private(set) var rows: [DeviceRow]
    private var places: [DeviceID: Int]
    private var changed: Set<Int> = []
    private var changes = RegisterChanges()
    private var acknowledgements: [DeviceID: Acknowledgement] = [:]
    private var toResolve: Set<DeviceID> = []
    /// The newest order that was given: what is heard from now on may be an answer to it.
    package var newestOrder: Int64 = 0
    /// Devices that signed nothing yet.
    private var unproven = 0

    /// Presence is not signed, so whoever is on the broker can name devices. Only so many are noted
    /// that never signed anything.
    static let unprovenLimit = 1_000

    /// `rows` are what a store kept.
    package init(channel: ChannelName, rows: [DeviceRow] = []) {
        self.channel = channel
        self.rows = rows
        places = Dictionary(
            rows.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        unproven = rows.count { !$0.isProven }
    }

    package var count: Int { rows.count }

    package subscript(id: DeviceID) -> DeviceRow? { places[id].map { rows[$0] } }

    /// All devices as the engine sees them under a release, in the order of `rows`.
    package func fleet(under release: Revision) -> [FleetDevice] {
        rows.map { $0.device(under: release, in: channel.channel) }
    }

    /// What has changed; afterwards nothing has.
    package mutating func takeChanges() -> RegisterChanges {
        var taken = changes
        taken.rows = changed.sorted().map { rows[$0] }
        taken.acknowledgements = acknowledgements.sorted { $0.key < $1.key }.map(\.value)
        taken.toResolve = toResolve.sorted()
        changes = RegisterChanges()
        changed = []
        acknowledgements = [:]
        toResolve = []
        return taken
    }

    // MARK: Expectations

    /// What devices should have under a release. Devices that nobody heard of are left out.
    package mutating func expect(
        _ expectations: some Sequence<(DeviceID, Expectation)>, under release: Revision
    ) {
        for (id, expectation) in expectations {
            guard let place = places[id] else { continue }
            if rows[place].expect(expectation, under: release) { changed.insert(place) }
        }
    }

    // MARK: Hearing

    /// Presence is not signed, for it is also the will: it says who is there, and proves nothing.
    @discardableResult
    package mutating func hear(
        _ presence: Presence, from id: DeviceID, at received: Instant
    ) -> Hearing {
        guard places[id] != nil || unproven < Self.unprovenLimit else { return .tooMany }
        let place = place(of: id, at: received)
        guard presence.epoch >= rows[place].knownEpoch else {
            // The broker may tell the death of an earlier session late; that needs no answer.
            if presence.online { answer(place, at: received) }
            return .lowEpoch
        }
        let known = rows[place].presenceEpoch
        // A death of an earlier session says nothing of this one.
        if !presence.online, presence.epoch < known ?? 0 { return .lowEpoch }
        guard known != presence.epoch || (rows[place].isOnline && !presence.online) else {
            if presence.online, !rows[place].isOnline { hasRisen(place, presence, at: received) }
            return .known
        }
        let isFirst = rows[place].presenceEpoch == nil
        rows[place].presenceEpoch = presence.epoch
        if presence.online {
            rows[place].lastHeard = max(rows[place].lastHeard, received)
            let wasAway = !rows[place].isOnline
            let absence = received - rows[place].presenceSince
            if wasAway, isFirst || absence >= DeviceRow.shortAbsence {
                rows[place].presentSince = received
            }
            rows[place].presenceSince = received
        } else if rows[place].isOnline {
            rows[place].presenceSince = received
        }
        rows[place].isOnline = presence.online
        changed.insert(place)
        return .news
    }

    /// Each session has an epoch of its own, so nobody comes back to life in the same one. Who tries
    /// could not write down how far he had counted: he is told to count on, where he signed
    /// something in it.
    private mutating func hasRisen(_ place: Int, _ presence: Presence, at now: Instant) {
        guard presence.epoch == rows[place].knownEpoch else { return }
        answer(place, knowing: presence.epoch + 1, at: now)
    }

    @discardableResult
    package mutating func hear(
        _ state: ReportedState, from id: DeviceID, at received: Instant
    ) -> Hearing {
        guard state.fleet == channel.fleet, state.device == id else { return .notForUs }
        let place = place(of: id, at: received)
        if state.epoch < rows[place].knownEpoch {
            // It may just have been overtaken by its own later session's presence, so it counts
            // where it is newer than what is known, and is answered all the same.
            answer(place, at: received)
            guard isNewer(state, than: rows[place].state) else { return .lowEpoch }
        }
        guard isNewer(state, than: rows[place].state) else { return .known }
        take(state, at: place, received)
        // Who speaks in a session that is over has begun another one with the same number.
        if !rows[place].isOnline, rows[place].presenceEpoch == state.epoch {
            answer(place, knowing: state.epoch + 1, at: received)
        }
        return .news
    }

    private func isNewer(_ state: ReportedState, than known: ReportedState?) -> Bool {
        guard let known else { return true }
        return (state.epoch, state.sequence) > (known.epoch, known.sequence)
    }

    private mutating func take(_ state: ReportedState, at place: Int, _ received: Instant) {
        let known = rows[place].state
        let changesWhatItShouldHave =
            known.map {
                $0.labels != state.labels || $0.facts != state.facts || $0.agent != state.agent
                    || $0.channel != state.channel
            } ?? true
        if changesWhatItShouldHave { toResolve.insert(rows[place].id) }
        if known == nil || known?.digest != state.digest { rows[place].digestSince = received }
        prove(place)
        rows[place].state = state
        rows[place].overruleOutcomes()
        rows[place].stateReceived = received
        rows[place].lastHeard = max(rows[place].lastHeard, received)
        rows[place].noteAffected()
        changed.insert(place)
    }

    @discardableResult
    package mutating func hear(
        _ batch: EventBatch, from id: DeviceID, at received: Instant
    ) -> Hearing {
        guard batch.fleet == channel.fleet, batch.device == id else { return .notForUs }
        let place = place(of: id, at: received)
        let epoch = rows[place].outboxEpoch ?? batch.epoch
        guard batch.epoch >= epoch else {
            answer(place, at: received)
            return .lowEpoch
        }
        if rows[place].outboxEpoch != batch.epoch {
            prove(place)
            rows[place].outboxEpoch = batch.epoch
            rows[place].heardUpto = 0
            changed.insert(place)
        }
        var isNews = false
        for event in batch.events where event.sequence > rows[place].heardUpto {
            rows[place].heardUpto = event.sequence
            rows[place].note(event, at: received, under: newestOrder)
            changes.events.append(
                HeardEvent(device: id, epoch: batch.epoch, event: event, received: received))
            isNews = true
        }
        if isNews {
            if batch.compactedUpto > 0 { rows[place].compacted = batch.compacted }
            rows[place].lastHeard = max(rows[place].lastHeard, received)
            changed.insert(place)
        }
        // Also for what was heard before: the answer may have been lost.
        answer(place, at: received)
        return isNews ? .news : .known
    }

    private mutating func place(of id: DeviceID, at now: Instant) -> Int {
        if let place = places[id] { return place }
        rows.append(DeviceRow(id: id, at: now))
        unproven += 1
        places[id] = rows.count - 1
        changed.insert(rows.count - 1)
        return rows.count - 1
    }

    /// It signs something: what is noted of it now is no longer only somebody's claim.
    private mutating func prove(_ place: Int) {
        if !rows[place].isProven { unproven -= 1 }
    }

    /// Says how far the device was heard, and which epoch is the highest known.
    private mutating func answer(_ place: Int, knowing epoch: Int64? = nil, at now: Instant) {
        let row = rows[place]
        acknowledgements[row.id] = Acknowledgement(
            fleet: channel.fleet, channel: row.state?.channel ?? channel.channel, device: row.id,
            epoch: row.outboxEpoch ?? 0, upto: row.heardUpto, knownEpoch: epoch ?? row.knownEpoch,
            issued: now)
    }
}
