package import FleetModel

/// One thing to ask of systemd.
package enum UnitAction: Equatable, Sendable, CustomStringConvertible {
    case daemonReload
    case stop(String)
    case disable(String)
    case enable(String)
    case start(String)
    case reload(String)
    case restart(String)
    /// Restart it if it runs: for units whose activity is left as it is.
    case restartIfRunning(String)

    /// As `systemctl` takes it.
    package var arguments: [String] {
        switch self {
        case .daemonReload: ["daemon-reload"]
        case .stop(let unit): ["stop", unit]
        case .disable(let unit): ["disable", unit]
        case .enable(let unit): ["enable", unit]
        case .start(let unit): ["start", unit]
        case .reload(let unit): ["reload-or-restart", unit]
        case .restart(let unit): ["restart", unit]
        case .restartIfRunning(let unit): ["try-restart", unit]
        }
    }

    package var description: String { arguments.joined(separator: " ") }
}

/// What the units need when the files move from one state to another: what the difference demands,
/// and no more. The plan for going back is the plan of the same two states the other way round.
package struct UnitPlan: Equatable, Sendable {
    /// While the old files still stand: a unit can only be disabled as long as its file is there.
    package var beforeFlip: [UnitAction] = []
    package var afterFlip: [UnitAction] = []

    package var isEmpty: Bool { beforeFlip.isEmpty && afterFlip.isEmpty }

    package init(from old: DesiredState, to new: DesiredState) {
        let changed = StateDifference(from: old, to: new).paths
        let before = Dictionary(
            old.units.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let kept = Set(new.units.map(\.name))
        for unit in old.units where !kept.contains(unit.name) {
            if unit.activity == .running { beforeFlip.append(.stop(unit.name)) }
            if unit.enabled == true { beforeFlip.append(.disable(unit.name)) }
        }
        if changed.contains(where: isUnitFile) { afterFlip.append(.daemonReload) }
        for unit in new.units { add(unit, was: before[unit.name], changed: changed) }
    }

    /// After paths of one state were made right again.
    package init(healing paths: [String], in state: DesiredState) {
        if paths.contains(where: isUnitFile) { afterFlip.append(.daemonReload) }
        for unit in state.units { add(unit, was: unit, changed: paths) }
    }

    private mutating func add(_ unit: DesiredUnit, was before: DesiredUnit?, changed: [String]) {
        if let enabled = unit.enabled, enabled != before?.enabled {
            afterFlip.append(enabled ? .enable(unit.name) : .disable(unit.name))
        }
        switch unit.activity {
        case .stopped:
            if before?.activity != .stopped { afterFlip.append(.stop(unit.name)) }
        case .running:
            if unit.restarts(for: changed) {
                afterFlip.append(.restart(unit.name))
            } else if before?.activity != .running {
                afterFlip.append(.start(unit.name))
            } else if unit.reloads(for: changed) {
                afterFlip.append(.reload(unit.name))
            }
        case nil:
            if unit.restarts(for: changed) { afterFlip.append(.restartIfRunning(unit.name)) }
        }
    }
}

extension DesiredUnit {
    fileprivate func restarts(for changed: [String]) -> Bool {
        changed.contains { path in
            isOwnFile(path) || restartOn.contains { covers($0, path) }
        }
    }

    fileprivate func reloads(for changed: [String]) -> Bool {
        changed.contains { path in reloadOn.contains { covers($0, path) } }
    }

    /// The unit's file, or a drop-in: `…/telemetry.service`, `…/telemetry.service.d/x.conf`.
    private func isOwnFile(_ path: String) -> Bool {
        guard isUnitFile(path) else { return false }
        let names = path.split(separator: "/")
        return names.last.map(String.init) == name || names.dropLast().last == "\(name).d"
    }
}

/// Whether `path` is `folder` or lies below it.
private func covers(_ folder: String, _ path: String) -> Bool {
    path == folder || path.utf8.starts(with: (folder + "/").utf8)
}

/// Where systemd looks for unit files (systemd.unit(5)).
private let unitFolders = [
    "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system",
]

private func isUnitFile(_ path: String) -> Bool { unitFolders.contains { covers($0, path) } }
