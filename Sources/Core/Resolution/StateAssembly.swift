internal import Documents
internal import FleetModel

/// Joins what the matching bundles give into one desired state.
struct StateAssembly {
    private(set) var state = DesiredState()
    private(set) var contents: [String: ContentSource] = [:]
    private(set) var faults: [Diagnostic] = []
    private var claims: [Claim] = []
    private var renderedBytes = 0
    private var health = HealthAssembly()

    /// How many files the device may still have.
    var fileLimit: Int { Limits.files - state.files.count - state.links.count }

    /// Bundles come in the order of their names.
    mutating func add(
        _ manifest: BundleManifest, named name: String, drift: DriftPolicy,
        _ expansion: BundleExpansion
    ) throws(ResolutionError) {
        faults += expansion.faults
        claims += expansion.claims
        renderedBytes += expansion.renderedBytes
        state.bundles.append(
            BundlePolicy(
                name: name, drift: drift, mode: manifest.mode,
                rebootOn: sorted(manifest.rebootOn), network: manifest.network))
        state.files += expansion.files
        state.links += expansion.links
        state.directories += expansion.directories
        contents.merge(expansion.contents) { $1 }
        addCommands(of: manifest, named: name)
        if let entry = manifest.health { health.add(entry, bundle: name) }
        try checkBounds(name)
    }

    private mutating func addCommands(of manifest: BundleManifest, named name: String) {
        for unit in manifest.units {
            state.units.append(
                DesiredUnit(
                    name: unit.name, bundle: name, enabled: unit.enabled, activity: unit.activity,
                    restartOn: sorted(unit.restartOn), reloadOn: sorted(unit.reloadOn),
                    after: Set(unit.after).sorted(by: byBytes), drift: unit.drift))
        }
        for hook in manifest.hooks {
            var desired = DesiredHook(
                name: hook.name, bundle: name, moment: hook.moment, command: hook.command,
                on: sorted(hook.on))
            if let timeout = hook.timeout { desired.timeout = timeout }
            state.hooks.append(desired)
        }
        for validator in manifest.validators {
            var desired = DesiredValidator(
                bundle: name, command: validator.command, view: validator.view)
            if let timeout = validator.timeout { desired.timeout = timeout }
            state.validators.append(desired)
        }
    }

    private func sorted(_ paths: [AbsolutePath]) -> [String] {
        Set(paths).map(\.text).sorted(by: byBytes)
    }

    private func checkBounds(_ name: String) throws(ResolutionError) {
        let excess: String
        if renderedBytes > Limits.renderedBytes {
            excess = "templates become more than \(Limits.renderedBytes) bytes"
        } else if state.validators.count > Limits.checks {
            excess = "bundles have more than \(Limits.checks) checks"
        } else if state.hooks.count > Limits.hooks {
            excess = "bundles have more than \(Limits.hooks) hooks"
        } else if health.gate.checks.count > Limits.checks {
            excess = "bundles have more than \(Limits.checks) health checks"
        } else {
            return
        }
        throw ResolutionError(
            .tooMany(
                Diagnostic(
                    file: FleetLayout.bundleFile(name),
                    message: "with this bundle, a device's \(excess)",
                    fix: "Give one device fewer of them.")))
    }

    /// Sorts everything and finds what can't stand together.
    mutating func finish() {
        faults += ClaimConflict.all(among: claims).map { $0.diagnostic() }
        faults += health.faults
        state.health = health.gate
        state.health.checks.sort { byBytes($0.id, $1.id) }
        state.files.sort { byBytes($0.path, $1.path) }
        state.links.sort { byBytes($0.path, $1.path) }
        state.directories.sort { byBytes($0.path, $1.path) }
        state.units.sort { byBytes($0.name, $1.name) }
    }
}

/// The gate that satisfies all bundles: it takes the longest times that any of them asks for.
private struct HealthAssembly {
    private var settle: Duration?
    private var interval: Duration?
    private var deadline: Duration?
    private var wayHome: Duration?
    private var scope: HealthGate.Scope?
    private var checks: [HealthCheck] = []
    private var longest: Diagnostic?

    mutating func add(_ entry: HealthEntry, bundle: String) {
        if let asked = entry.settle, asked > settle ?? .zero {
            longest = Diagnostic(
                file: FleetLayout.bundleFile(bundle), position: entry.position, message: "",
                fix: "Give one of the bundles a longer `deadline`.")
        }
        settle = [settle, entry.settle].compactMap(\.self).max()
        interval = [interval, entry.interval].compactMap(\.self).max()
        deadline = [deadline, entry.deadline].compactMap(\.self).max()
        wayHome = [wayHome, entry.wayHome].compactMap(\.self).max()
        // One bundle that forgives nothing is enough.
        scope = entry.scope == .all ? .all : scope ?? entry.scope
        for check in entry.checks {
            var desired = HealthCheck(name: check.name, bundle: bundle, probe: check.probe)
            if let timeout = check.timeout { desired.timeout = timeout }
            desired.retries = check.retries ?? 0
            checks.append(desired)
        }
    }

    var gate: HealthGate {
        var gate = HealthGate(checks: checks)
        gate.settle = settle ?? gate.settle
        gate.interval = interval ?? gate.interval
        gate.deadline = deadline ?? gate.deadline
        gate.wayHome = wayHome ?? gate.wayHome
        gate.scope = scope ?? gate.scope
        return gate
    }

    /// Each bundle may be right by itself and the longest settle time still not fit.
    var faults: [Diagnostic] {
        guard gate.settle >= gate.deadline else { return [] }
        var fault =
            longest
            ?? Diagnostic(
                file: FleetLayout.bundles, message: "", fix: "Set `settle` or a longer `deadline`.")
        fault.message =
            "the health gate of a device can't be met: it must hold for \(gate.settle.flotillaText) within \(gate.deadline.flotillaText)"
        return [fault]
    }
}
