internal import Digests
package import FleetModel
package import RolloutEngine
package import WireMessages

/// All that is known of one device. It is what a store keeps, row by row.
package struct DeviceRow: Equatable, Sendable {
    /// What the device should have under one release.
    package struct Expected: Equatable, Sendable {
        package var release: Revision
        package var expectation: Expectation
        /// Whether it was ever seen, settled, without it.
        package var wasAffected: Bool
    }

    /// How one release ended here.
    package struct Ended: Equatable, Sendable {
        package var release: Revision
        package var outcome: ReleaseOutcome
    }

    /// Releases of which expectations and outcomes are kept: the one under way, the one that waits,
    /// and those just before.
    static let keptReleases = 4

    /// Who is back before that was only away for a moment: a new start, a bad network.
    static let shortAbsence = Duration.seconds(300)

    package let id: DeviceID
    /// When something was last heard of it that its own session said.
    package internal(set) var lastHeard: Instant
    package internal(set) var isOnline = false
    /// Since when it is online, or offline.
    package internal(set) var presenceSince: Instant
    /// Since when it is there, absences of less than `shortAbsence` overlooked.
    package internal(set) var presentSince: Instant
    /// The session that its presence is of.
    package internal(set) var presenceEpoch: Int64?
    /// The newest state.
    package internal(set) var state: ReportedState?
    package internal(set) var stateReceived: Instant?
    /// Since when it has the digest of its state.
    package internal(set) var digestSince: Instant?
    /// The epoch in which its outbox began to count, and how far it was heard.
    package internal(set) var outboxEpoch: Int64?
    package internal(set) var heardUpto: Int64 = 0
    /// Events that the device had to give up before anybody heard of them, by kind, as it last said.
    package internal(set) var compacted: [String: Int] = [:]
    /// In the order in which somebody said so.
    package internal(set) var expected: [Expected] = []
    /// In the order in which they were heard.
    package internal(set) var ended: [Ended] = []

    init(id: DeviceID, at now: Instant) {
        self.id = id
        lastHeard = now
        presenceSince = now
        presentSince = now
    }

    /// The highest epoch in which this device signed anything. One that comes below it has lost its
    /// memory. What only presence says does not count: whoever is on the broker can say it.
    package var knownEpoch: Int64 { max(state?.epoch ?? 0, outboxEpoch ?? 0) }

    /// Whether it ever signed anything.
    var isProven: Bool { state != nil || outboxEpoch != nil }

    package func expectation(under release: Revision) -> Expectation? {
        expected.first { $0.release == release }?.expectation
    }

    package func outcome(of release: Revision) -> ReleaseOutcome? {
        ended.first { $0.release == release }?.outcome
    }

    /// Whether its newest state is of a generation that is not on trial. Before its first one a
    /// device manages nothing, and that is settled too.
    var isSettled: Bool { state.map { $0.confirmed || $0.generation == 0 } ?? false }
}

extension DeviceRow {
    /// As the engine sees it under a release. `channel` is the one that is rolled out.
    func device(under release: Revision, in channel: String) -> FleetDevice {
        let expected = expected.first { $0.release == release }
        let isElsewhere = state.map { $0.channel != channel } ?? false
        return FleetDevice(
            id: id, labels: state?.labels ?? Labels(), isOnline: isOnline,
            presenceSince: presenceSince, presentSince: presentSince, isHeld: state?.hold != nil,
            report: state.map { state in
                FleetDevice.Report(
                    revision: state.revision, digest: state.digest, isConfirmed: isSettled,
                    received: stateReceived ?? lastHeard, order: state.order)
            }, expectation: isElsewhere ? .notApplicable : expected?.expectation,
            wasAffected: expected?.wasAffected ?? false, outcome: outcome(of: release))
    }

    // MARK: Expectations

    mutating func expect(_ expectation: Expectation, under release: Revision) -> Bool {
        if let index = expected.firstIndex(where: { $0.release == release }) {
            guard expected[index].expectation != expectation else { return false }
            expected[index].expectation = expectation
        } else {
            expected.append(
                Expected(release: release, expectation: expectation, wasAffected: false))
            if expected.count > Self.keptReleases { expected.removeFirst() }
        }
        noteAffected()
        return true
    }

    /// A device that is settled on something else has to move. That stays true when it has moved:
    /// it tells one that succeeded from one that had nothing to do.
    mutating func noteAffected() {
        guard isSettled else { return }
        for index in expected.indices {
            guard case .digest(let digest) = expected[index].expectation else { continue }
            if state?.digest != digest { expected[index].wasAffected = true }
        }
    }

    // MARK: Outcomes

    /// A newer state says more than what was heard before it.
    mutating func overruleOutcomes() {
        for index in ended.indices { ended[index].outcome.isOlderThanReport = true }
    }

    /// Takes in what an event says of a release. Events come in the order in which they happened.
    ///
    /// - Parameter order: the newest order that was given.
    mutating func note(_ event: DeviceEvent, at received: Instant, under order: Int64) {
        if event.kind == "rolledBack" {
            // It names the release to which the device came back; what failed was told before.
            guard let index = ended.lastIndex(where: { $0.outcome.kind == .failed }) else { return }
            ended[index].outcome.kind = .rolledBack
            ended[index].outcome.received = received
            ended[index].outcome.order = order
            ended[index].outcome.isOlderThanReport = false
            return
        }
        guard let release = event.revision, let kind = Self.kind(of: event) else { return }
        let known = outcome(of: release)?.kind
        // That nothing is tried again is no news where it is known how it ended.
        if event.kind == "knownBad", known?.isFailure == true { return }
        if kind == .unchanged, known == .confirmed { return }
        ended.removeAll { $0.release == release }
        ended.append(
            Ended(
                release: release,
                outcome: ReleaseOutcome(
                    kind: kind, digest: event.digest, received: received, order: order)))
        if ended.count > Self.keptReleases { ended.removeFirst() }
    }

    private static func kind(of event: DeviceEvent) -> ReleaseOutcome.Kind? {
        switch event.kind {
        case "confirmed": .confirmed
        case "unchanged": .unchanged
        case "failed": .failed
        case "lostLink": .lostLink
        case "rejected": event.detail.hasPrefix("needsAgent") ? .needsAgent : .rejected
        // It failed here under another release, and is not tried again.
        case "knownBad": .rejected
        default: nil
        }
    }
}
