package import FleetModel

/// What the units need when the files move from one state to another: what the difference demands,
/// and no more, in the order in which the units depend on each other. The plan for going back is the
/// plan of the same two states the other way round.
package struct UnitPlan: Equatable, Sendable {
    /// While the old files still stand: a unit can only be disabled as long as its file is there.
    package private(set) var beforeFlip: [UnitAction] = []
    package private(set) var afterFlip: [UnitAction] = []
    /// All that takes `beforeFlip` back.
    let takenBack: [UnitAction]

    package var isEmpty: Bool { beforeFlip.isEmpty && afterFlip.isEmpty }

    /// - Parameter difference: What really changes on the disk; nil where that is everything that
    ///   differs between the two.
    package init(
        from old: DesiredState, to new: DesiredState, changing difference: StateDifference? = nil
    ) {
        let changes = (difference ?? StateDifference(from: old, to: new)).all
        let (old, new) = (old.applied, new.applied)
        let leaving = LeavingUnits(from: old, to: new, changes)
        beforeFlip = leaving.actions
        takenBack = leaving.takenBack
        afterFlip = StayingUnits(from: old, to: new, changes).actions
    }

    /// After paths of one state were made right again.
    package init(healing paths: [String], in state: DesiredState) {
        takenBack = []
        let changes = paths.map {
            StateDifference.PathChange(path: $0, change: .changed, bundle: "")
        }
        let state = state.applied
        afterFlip = StayingUnits(from: state, to: state, changes, isHealing: true).actions
    }
}

extension StateDifference {
    var all: [PathChange] { files + links + directories }
}

/// The units that are in the fleet's hands no more.
private struct LeavingUnits {
    private var stopped: Set<String> = []
    private var disabled: Set<String> = []
    private let sorting: UnitSorting

    init(
        from old: DesiredState, to new: DesiredState, _ changes: [StateDifference.PathChange]
    ) {
        let kept = Set(new.units.map(\.name))
        let wanted = Dictionary(
            old.units.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for unit in old.units where !kept.contains(unit.name) {
            if unit.activity == .running { stopped.insert(unit.name) }
            if unit.enabled == true { disabled.insert(unit.name) }
        }
        // Who loses his file is there no more, whoever started him.
        let left = Set((new.files.map(\.path) + new.links.map(\.path)).compactMap(UnitPaths.unit))
        let links = Set(old.links.map(\.path))
        for change in changes where change.change == .removed {
            guard let name = UnitPaths.unit(of: change.path), !UnitPaths.isTemplate(name),
                !left.contains(name), !kept.contains(name)
            else { continue }
            if wanted[name]?.activity != .stopped { stopped.insert(name) }
            // A link to a unit file is what disabling would remove, and the flip removes it anyway.
            if wanted[name]?.enabled != false, !links.contains(change.path) {
                disabled.insert(name)
            }
        }
        sorting = UnitSorting(stopped.union(disabled), as: old.units)
    }

    var actions: [UnitAction] {
        sorting.toStop(stopped).map { .stop($0) } + sorting.toStop(disabled).map { .disable($0) }
    }

    var takenBack: [UnitAction] {
        sorting.toStart(disabled).map { .enable($0) } + sorting.toStart(stopped).map { .start($0) }
    }
}

/// The units that the fleet goes on to look after, or begins to.
private struct StayingUnits {
    private let changes: [StateDifference.PathChange]
    private let isHealing: Bool
    private let before: [String: DesiredUnit]
    private let units: [String: DesiredUnit]
    private let sorting: UnitSorting

    init(
        from old: DesiredState, to new: DesiredState, _ changes: [StateDifference.PathChange],
        isHealing: Bool = false
    ) {
        self.changes = changes
        self.isHealing = isHealing
        before = Dictionary(
            old.units.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        units = Dictionary(
            new.units.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        sorting = UnitSorting(units.keys, as: new.units)
    }

    var actions: [UnitAction] {
        var actions: [UnitAction] = []
        if changes.contains(where: { UnitPaths.isUnitFile($0.path) }) {
            actions.append(.daemonReload)
        }
        actions += sorting.toStop(units.keys).filter(mustStop).map { .stop($0) }
        let order = sorting.toStart(units.keys)
        actions += order.compactMap { units[$0].flatMap(enabling) }
        return actions + running(order)
    }

    private func mustStop(_ name: String) -> Bool {
        units[name]?.activity == .stopped && before[name]?.activity != .stopped
    }

    private func enabling(_ unit: DesiredUnit) -> UnitAction? {
        guard let enabled = unit.enabled else { return nil }
        if enabled != before[unit.name]?.enabled {
            return enabled ? .enable(unit.name) : .disable(unit.name)
        }
        // Its links in `*.wants/` are made of what its file says.
        let isOther = changes.contains { UnitPaths.isOwn($0.path, of: unit.name) }
        return enabled && isOther && !isHealing ? .reenable(unit.name) : nil
    }

    /// Starts, restarts and reloads, and what must be stopped for a moment because of them.
    private func running(_ order: [String]) -> [UnitAction] {
        var wanted: [String: UnitAction] = [:]
        for name in order { wanted[name] = units[name].flatMap(action) }
        let opened = wanted.values.compactMap { action -> String? in
            guard case .start(let name) = action else {
                guard case .restart(let name) = action else { return nil }
                return name
            }
            return name
        }.filter(UnitPaths.isSocket)
        let paused = Set(opened.compactMap(UnitPaths.started).filter(mayRun))
        for name in paused {
            // Who is not to run by himself is started by his socket.
            wanted[name] = units[name]?.activity == .running ? .start(name) : nil
        }
        return sorting.toStop(paused).map { .stop($0) } + order.compactMap { wanted[$0] }
    }

    /// Whether a service may be running while its socket is opened, which the socket would not bear.
    private func mayRun(_ service: String) -> Bool {
        guard let unit = units[service], unit.activity != .stopped else { return false }
        return before[service]?.activity == .running
            || !changes.contains {
                $0.change == .added && UnitPaths.unit(of: $0.path) == service
            }
    }

    private func action(for unit: DesiredUnit) -> UnitAction? {
        let restarts = changes.contains { change in
            UnitPaths.isOwn(change.path, of: unit.name)
                || unit.restartOn.contains { covers($0, change.path) }
        }
        switch unit.activity {
        case .stopped: return nil
        case .running:
            if restarts { return .restart(unit.name) }
            if before[unit.name]?.activity != .running { return .start(unit.name) }
            let reloads = changes.contains { change in
                unit.reloadOn.contains { covers($0, change.path) }
            }
            return reloads ? .reload(unit.name) : nil
        case nil: return restarts ? .restartIfRunning(unit.name) : nil
        }
    }
}
