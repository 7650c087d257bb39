package import FleetModel

/// One step to put a unit right.
package enum UnitMend: Equatable, Sendable {
    /// The words behind `systemctl`.
    case ask([String])
    /// Move a file out of systemd's sight, and keep it: somebody wrote it.
    case setAside(String)
}

/// How units differ from what a generation wants of them, and what puts them right.
package struct UnitDrift {
    private let managed: Set<String>
    /// Whether something stands at a path: for a unit file that hides the distribution's.
    private let exists: (String) -> Bool

    package init(managed: Set<String>, exists: @escaping (String) -> Bool) {
        self.managed = managed
        self.exists = exists
    }

    /// What differs, in an order in which it can be put right. `policy` is the unit's.
    package func find(
        _ unit: DesiredUnit, policy: DriftPolicy, _ standing: ShownUnit, at now: Instant
    ) -> [Drift] {
        func drift(_ kind: Drift.Kind, _ detail: String, _ policy: DriftPolicy) -> Drift {
            Drift(
                subject: unit.name, bundle: unit.bundle, kind: kind, detail: detail,
                policy: policy, since: now)
        }
        if standing.load == "not-found", unit.activity == .running || unit.enabled == true {
            return [drift(.missing, "systemd knows no such unit", .report)]
        }
        var found: [Drift] = []
        let foreign = overrides(of: unit, standing)
        if !foreign.isEmpty {
            // Whoever wrote them meant it, so the bundle's own word is not enough to take them away.
            let heals = unit.drift == .heal && policy == .heal
            found.append(
                drift(
                    .overridden, "not the fleet's: \(foreign.joined(separator: ", "))",
                    heals ? .heal : .report))
        }
        if standing.isMasked {
            // Masked is as stopped and as disabled as a unit can be.
            if unit.activity == .running || unit.enabled == true {
                found.append(drift(.masked, "the unit is masked", policy))
            }
            return found
        }
        switch unit.enabled {
        case true? where !standing.isEnabled:
            found.append(drift(.disabled, "the unit is \(standing.file)", policy))
        case false? where !standing.isDisabled:
            found.append(drift(.enabled, "the unit is \(standing.file)", policy))
        default: break
        }
        switch unit.activity {
        case .running where !standing.isRunning:
            found.append(drift(.stopped, "the unit is \(words(standing))", policy))
        case .stopped where !standing.isStopped:
            found.append(drift(.started, "the unit is \(words(standing))", policy))
        default: break
        }
        return found
    }

    /// What puts these differences of one unit right, in order.
    package func mends(
        _ unit: DesiredUnit, _ kinds: Set<Drift.Kind>, _ standing: ShownUnit
    ) -> [UnitMend] {
        let name = unit.name
        var mends: [UnitMend] = []
        if kinds.contains(.overridden) {
            mends += overrides(of: unit, standing).map(UnitMend.setAside)
            mends.append(.ask(["daemon-reload"]))
        }
        let wasMasked = kinds.contains(.masked)
        if wasMasked {
            let runtime = standing.file == "masked-runtime" ? ["--runtime"] : []
            mends.append(.ask(["unmask"] + runtime + [name]))
        }
        if kinds.contains(.disabled) || wasMasked && unit.enabled == true {
            mends.append(.ask(["enable", name]))
        }
        if kinds.contains(.enabled) { mends.append(.ask(["disable", name])) }
        if kinds.contains(.stopped) || wasMasked && unit.activity == .running {
            mends.append(.ask(["start", name]))
        } else if kinds.contains(.overridden) {
            mends.append(.ask(["try-restart", name]))
        }
        if kinds.contains(.started) { mends.append(.ask(["stop", name])) }
        return mends
    }

    /// Files by which somebody on the device says something else of this one unit. What holds for
    /// many units, and what generators make at each boot, is no such file.
    private func overrides(of unit: DesiredUnit, _ standing: ShownUnit) -> [String] {
        let own = Self.adminFolders.map { "\($0)/\(unit.name).d/" }
        var found = standing.dropIns.filter { path in
            !managed.contains(path) && own.contains { path.utf8.starts(with: $0.utf8) }
        }
        let fragment = standing.fragment
        let hides = Self.adminFolders.contains { fragment == "\($0)/\(unit.name)" }
        if hides, !managed.contains(fragment), hidesAnother(unit.name) { found.append(fragment) }
        return found
    }

    /// Whether the fleet, or the distribution, has a file of this unit somewhere else.
    private func hidesAnother(_ name: String) -> Bool {
        Self.otherFolders.contains { folder in
            managed.contains("\(folder)/\(name)") || exists("\(folder)/\(name)")
        }
    }

    private func words(_ standing: ShownUnit) -> String {
        standing.sub.isEmpty || standing.sub == standing.active
            ? standing.active : "\(standing.active) (\(standing.sub))"
    }

    /// Where `systemctl edit` and `systemctl set-property` write: systemd.unit(5).
    package static let adminFolders = [
        "/etc/systemd/system", "/run/systemd/system", "/etc/systemd/system.control",
        "/run/systemd/system.control",
    ]
    private static let otherFolders = [
        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
    ]
}
