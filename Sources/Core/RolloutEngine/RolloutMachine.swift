internal import Documents
package import FleetModel
internal import WireMessages

/// Decides which devices may have a release, and when the next ones may. Pure: time, the fleet and
/// chance are arguments, and the same inputs give the same decisions.
///
/// It keeps no counters. Each step reads the whole fleet anew, so a message that was lost, doubled
/// or late can't leave a wrong number behind.
package struct RolloutMachine: Sendable {
    package internal(set) var state: RolloutState
    package let pace: RolloutPace
    /// Not part of the state: a process that begins has heard nothing yet.
    private var listensSince: Instant?
    private(set) var positions: Positions?

    package init(channel: ChannelName, pace: RolloutPace = RolloutPace()) {
        self.init(resuming: RolloutState(channel: channel), pace: pace)
    }

    package init(resuming state: RolloutState, pace: RolloutPace = RolloutPace()) {
        self.state = state
        self.pace = pace
    }

    /// Takes in what happened, and goes on as far as the rules allow.
    ///
    /// - Parameter fleet: Gives all devices, with what each should have under this release. Asked
    ///   once or twice in a step.
    package mutating func step(
        _ input: RolloutInput, at now: Instant, fleet: @escaping (Revision) -> [FleetDevice]
    ) -> [RolloutEffect] {
        var step = RolloutStep(self.state, pace, at: now, fleet: fleet)
        step.positions = positions
        switch input {
        case .tick: break
        case .listening(true):
            guard listensSince == nil else { break }
            listensSince = now
            // The broker may have lost what it retained, and we what was said meanwhile.
            step.repeatOrder()
            step.startSoakAnew()
        case .listening(false): listensSince = nil
        case .released(let release): step.take(release)
        case .command(let command, let name): step.obey(command, of: name)
        }
        // The time since then must have been heard in this process, whatever the clock did.
        if let since = listensSince, since > now { listensSince = now }
        let isCaughtUp = listensSince.map { now - $0 >= pace.catchUp } ?? false
        step.advance(isCaughtUp: isCaughtUp)
        state = step.state
        positions = step.positions
        return step.effects
    }

    /// The bus is not heard from now on: nothing opens until it is heard again. Nothing else changes,
    /// so there is nothing to keep.
    package mutating func stopListening() { listensSince = nil }

    /// When the engine wants the next `tick`, at the latest; it wants one at each change as well.
    package var wakeAt: Instant? {
        guard let rollout = state.current else { return nil }
        var times: [Instant] = []
        if let listensSince { times.append(listensSince + pace.catchUp) }
        if let well = rollout.wellSince, let wave = rollout.openWaves.indices.last {
            times.append(well + rollout.allWaves[wave].soak)
        }
        if let order = state.order { times.append(order.issued + pace.busyRenewal) }
        let last = state.lastStep ?? rollout.began
        times.append(last + pace.longestGap / 2)
        return times.filter { $0 > last }.min()
    }
}

/// One step of the machine.
struct RolloutStep {
    var state: RolloutState
    package let pace: RolloutPace
    let now: Instant
    let fleetOf: (Revision) -> [FleetDevice]
    var positions: Positions?
    var effects: [RolloutEffect] = []
    /// Whether devices must hear of this step.
    var mustPublish = false
    private var fleets: [Revision: [FleetDevice]] = [:]

    init(
        _ state: RolloutState, _ pace: RolloutPace, at now: Instant,
        fleet: @escaping (Revision) -> [FleetDevice]
    ) {
        self.state = state
        self.pace = pace
        self.now = now
        fleetOf = fleet
    }

    mutating func fleet(_ release: RolloutRelease) -> [FleetDevice] {
        if let known = fleets[release.revision] { return known }
        let fleet = fleetOf(release.revision)
        fleets[release.revision] = fleet
        return fleet
    }

    mutating func log(
        _ kind: Decision.Kind, _ text: String, release: Revision, wave: String? = nil,
        counts: [String: Int] = [:]
    ) {
        let decision = Decision(
            number: (state.decisions.last?.number ?? 0) + 1, at: now, kind: kind, release: release,
            wave: wave, text: text, counts: counts, after: state.decisionHead)
        state.decisions.append(decision)
        if state.decisions.count > RolloutState.keptDecisions { state.decisions.removeFirst() }
        effects.append(.log(decision))
    }
}
