package import FleetModel
internal import WireMessages

/// Where everything stands, for people: made from one look at the whole fleet.
package struct RolloutReport: Equatable, Sendable {
    package struct Wave: Equatable, Sendable {
        package enum State: String, Equatable, Sendable, CaseIterable {
            case waiting, open, soaking, done
        }

        package var name: String
        package var state: State
        package var opened: Instant?
        /// The affected devices that are in it, or will be as things are now.
        package var devices: Int
        package var counts: StandingCounts
    }

    /// Where one device stands.
    package struct Place: Equatable, Sendable {
        package var standing: DeviceStanding
        /// The number of its wave, open or not; nil where the release changes nothing for it.
        package var wave: Int?

        package init(standing: DeviceStanding, wave: Int?) {
            self.standing = standing
            self.wave = wave
        }
    }

    package var waves: [Wave] = []
    /// Of all known devices.
    package var counts = StandingCounts()
    package var affected = 0
    /// One for each device, in the order of the fleet.
    package var places: [Place] = []

    package func waveName(of place: Place) -> String? { place.wave.map { waves[$0].name } }
}

extension RolloutMachine {
    /// - Parameter fleet: All devices, with what each should have under the current release.
    package func report(on fleet: [FleetDevice], at now: Instant) -> RolloutReport {
        var report = RolloutReport()
        guard let rollout = state.current else {
            report.places = fleet.map { _ in .init(standing: .notApplicable, wave: nil) }
            report.counts[.notApplicable] = fleet.count
            return report
        }
        let positions = positions(of: rollout, fleet)
        let gate = Admissions(rollout, positions)
        var isAffected: [Bool] = []
        for device in fleet {
            let admission = gate.admission(of: device)
            let standing = DeviceStanding(of: device, letIn: admission, to: rollout, at: now)
            let affected = device.isAffected(standing)
            report.counts[standing] += 1
            report.affected += affected ? 1 : 0
            isAffected.append(affected)
            report.places.append(.init(standing: standing, wave: affected ? admission?.wave : nil))
        }
        report.assignLaterWaves(of: rollout, fleet, isAffected, positions)
        report.countWaves(of: rollout)
        return report
    }
}

extension RolloutReport {
    /// Which waves will let in those that wait, as things are now.
    fileprivate mutating func assignLaterWaves(
        of rollout: Rollout, _ fleet: [FleetDevice], _ isAffected: [Bool], _ positions: Positions
    ) {
        guard !rollout.isWhollyOpen else { return }
        var line = fleet.indices.filter { isAffected[$0] && places[$0].wave == nil }
            .map { (index: $0, position: positions[fleet[$0].id]) }
        line.sort { $0.position < $1.position }
        let rank = Dictionary(
            rollout.leaders.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        if !rank.isEmpty {
            line.sort { rank[fleet[$0.index].id] ?? .max < rank[fleet[$1.index].id] ?? .max }
        }
        for (number, wave) in rollout.allWaves.enumerated().dropFirst(rollout.openWaves.count) {
            let matching = fleet.indices.filter {
                isAffected[$0] && wave.match.matches(fleet[$0].labels)
            }
            let already = matching.count { places[$0].wave != nil }
            var room = (wave.limit?.devices(of: matching.count) ?? matching.count) - already
            for (index, _) in line where places[index].wave == nil && room > 0 {
                guard wave.match.matches(fleet[index].labels) else { continue }
                places[index].wave = number
                room -= 1
            }
        }
    }

    fileprivate mutating func countWaves(of rollout: Rollout) {
        let open = rollout.openWaves
        waves = rollout.allWaves.enumerated().map { number, plan in
            let isLast = number == open.count - 1
            let state: Wave.State =
                if number >= open.count {
                    .waiting
                } else if !isLast || rollout.standing == .complete {
                    .done
                } else {
                    rollout.wellSince == nil ? .open : .soaking
                }
            return Wave(
                name: plan.name, state: state,
                opened: number < open.count ? open[number].opened : nil, devices: 0,
                counts: StandingCounts())
        }
        for place in places {
            guard let wave = place.wave else { continue }
            waves[wave].devices += 1
            waves[wave].counts[place.standing] += 1
        }
    }
}
