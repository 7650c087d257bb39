/// The flat list of what one device should have: the outcome of resolution, the input of planning.
///
/// Every list is sorted (by path, or by name) and free of doubles, so equal states are equal values
/// and have one canonical form. Hooks alone stand in the order in which their bundle lists them.
package struct DesiredState: Equatable, Sendable {
    package var bundles: [BundlePolicy]
    package var files: [DesiredFile]
    package var links: [DesiredLink]
    package var directories: [DesiredDirectory]
    package var units: [DesiredUnit]
    package var hooks: [DesiredHook]
    package var validators: [DesiredValidator]
    package var health: HealthGate

    package init(
        bundles: [BundlePolicy] = [], files: [DesiredFile] = [], links: [DesiredLink] = [],
        directories: [DesiredDirectory] = [], units: [DesiredUnit] = [],
        hooks: [DesiredHook] = [], validators: [DesiredValidator] = [],
        health: HealthGate = HealthGate()
    ) {
        self.bundles = bundles
        self.files = files
        self.links = links
        self.directories = directories
        self.units = units
        self.hooks = hooks
        self.validators = validators
        self.health = health
    }
}

extension DesiredState {
    /// What is placed, planned and checked: all but the bundles that are only observed.
    package var applied: DesiredState {
        let observed = observedBundles
        return observed.isEmpty ? self : only { !observed.contains($0) }
    }

    /// What is only compared with the disk and reported.
    package var observed: DesiredState {
        let observed = observedBundles
        return observed.isEmpty ? DesiredState() : only(observed.contains)
    }

    private var observedBundles: Set<String> {
        Set(bundles.filter { $0.mode == .observe }.map(\.name))
    }

    private func only(_ keeps: (String) -> Bool) -> DesiredState {
        var state = self
        state.bundles.removeAll { !keeps($0.name) }
        state.files.removeAll { !keeps($0.bundle) }
        state.links.removeAll { !keeps($0.bundle) }
        state.directories.removeAll { !keeps($0.bundle) }
        state.units.removeAll { !keeps($0.bundle) }
        state.hooks.removeAll { !keeps($0.bundle) }
        state.validators.removeAll { !keeps($0.bundle) }
        state.health.checks.removeAll { !keeps($0.bundle) }
        return state
    }
}
