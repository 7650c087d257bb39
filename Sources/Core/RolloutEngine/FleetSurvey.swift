internal import Digests
internal import FleetModel
internal import WireMessages

/// One look at the whole fleet: where each device stands, counted. It is made anew for each
/// decision, so no count can go wrong over time.
struct FleetSurvey {
    /// The affected devices that one open wave lets in, those of earlier waves left out.
    struct Members {
        var counts = StandingCounts()
        var total = 0
        /// Failures that no operator forgave.
        var failures = 0
        /// Those that were there after the wave opened and came to no outcome in time: silent ones,
        /// and those that went away in the middle. Nobody knows what the release did to them.
        var missing = 0
        /// Devices that the next wave waits for.
        var blocking = 0
    }

    private(set) var counts = StandingCounts()
    private(set) var waves: [Members]
    private(set) var affected = 0
    /// Devices that told their state and of which nobody knows yet what they should have.
    private(set) var unresolved = 0
    /// When the last of the silent devices came online: it may have missed the last order.
    private(set) var silentOnlineSince: Instant?
    /// Devices that told their state at all.
    private(set) var known = 0

    init(of fleet: [FleetDevice], in rollout: Rollout, _ gate: Admissions, at now: Instant) {
        waves = rollout.openWaves.map { _ in Members() }
        for device in fleet {
            let admission = gate.admission(of: device)
            let standing = DeviceStanding(of: device, letIn: admission, to: rollout, at: now)
            counts[standing] += 1
            if device.report != nil {
                known += 1
                if device.expectation == nil { unresolved += 1 }
            }
            guard device.isAffected(standing) else { continue }
            affected += 1
            if standing == .silent {
                silentOnlineSince = max(
                    silentOnlineSince ?? device.presenceSince, device.presenceSince)
            }
            guard let admission else { continue }
            waves[admission.wave].count(device, standing, admission, in: rollout, at: now)
        }
    }

    var letIn: Int { waves.reduce(0) { $0 + $1.total } }
    var failures: Int { waves.reduce(0) { $0 + $1.failures } }
    var blocking: Int { waves.reduce(0) { $0 + $1.blocking } }
    var missing: Int { waves.reduce(0) { $0 + $1.missing } }
    /// Devices that are online, may begin, and have not come to an outcome.
    var moving: Int { counts[.moving] }
}

extension FleetSurvey.Members {
    fileprivate mutating func count(
        _ device: FleetDevice, _ standing: DeviceStanding, _ admission: Admission,
        in rollout: Rollout, at now: Instant
    ) {
        counts[standing] += 1
        total += 1
        if standing.isFailure, let outcome = device.outcome {
            let isForgiven = rollout.forgivenUntil.map { outcome.received <= $0 } ?? false
            if isForgiven {
                total -= 1
            } else {
                failures += 1
            }
        }
        let hasGone = standing == .offline && device.presenceSince > admission.opened
        // For a while it is waited for like one that is online.
        let absence = now - device.presenceSince
        if standing == .moving || hasGone && absence >= .zero && absence < rollout.plan.silentAfter
        {
            blocking += 1
        } else if standing == .silent || hasGone, !device.isForgiven(in: rollout, at: now) {
            missing += 1
        }
    }
}

extension DeviceStanding {
    var isFailure: Bool {
        switch self {
        case .failed, .rolledBack, .rejected, .lostLink: true
        default: false
        }
    }
}

extension FleetDevice {
    /// Whether the release changes something here, or did.
    func isAffected(_ standing: DeviceStanding) -> Bool {
        switch standing {
        case .unchanged, .notApplicable, .needsAgent: false
        // What only the aggregator predicts is nothing that the device came to.
        case .rejected: outcome != nil
        default: expectation != nil
        }
    }

    /// Whether an operator went on without it, and nothing was heard of it since.
    /// What lies ahead is of a clock that was set back, and was heard before that.
    fileprivate func isForgiven(in rollout: Rollout, at now: Instant) -> Bool {
        guard let moment = rollout.missedUntil else { return false }
        return [presenceSince, report?.received].compactMap(\.self).allSatisfy {
            $0 <= moment || $0 > now
        }
    }
}

/// Which devices the open waves let in.
struct Admissions {
    private let waves:
        [(wave: Rollout.OpenWave, plan: RolloutManifest.Wave, leaders: Set<DeviceID>)]
    private let positions: Positions

    init(_ rollout: Rollout, _ positions: Positions) {
        self.positions = positions
        waves = zip(rollout.openWaves, rollout.allWaves).map { open, plan in
            (open, plan, Set(open.leaders))
        }
    }

    func admission(of device: FleetDevice) -> Admission? {
        for (number, (wave, plan, leaders)) in waves.enumerated() {
            let isIn =
                leaders.contains(device.id)
                || (plan.match.matches(device.labels)
                    && (wave.isWhole || positions[device.id] < wave.below))
            if isIn {
                return Admission(wave: number, opened: wave.opened, sequence: wave.sequence)
            }
        }
        return nil
    }
}
