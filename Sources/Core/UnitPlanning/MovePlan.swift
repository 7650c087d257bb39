package import FleetModel

/// All that a move from one state to another does, known before it happens.
package struct MovePlan: Equatable, Sendable {
    package var difference: StateDifference
    package var units: UnitPlan
    package var hooksBefore: [HookRun]
    package var hooksAfter: [HookRun]
    /// The changed paths that need a reboot, sorted.
    package var rebootFor: [String]

    /// - Parameter difference: What really changes on the disk; nil where that is everything that
    ///   differs between the two.
    package init(
        from old: DesiredState, to new: DesiredState, changing difference: StateDifference? = nil
    ) {
        let difference = difference ?? StateDifference(from: old, to: new)
        self.difference = difference
        units = UnitPlan(from: old, to: new, changing: difference)
        hooksBefore = HookRun.runs(.before, from: old, to: new, changing: difference)
        hooksAfter = HookRun.runs(.after, from: old, to: new, changing: difference)
        rebootFor = Self.rebootPaths(from: old, to: new, difference)
    }

    /// After drifted paths of one state are made right again. A boot is no part of that: what needs one
    /// was changed, and not placed.
    package init(healing paths: [String], in state: DesiredState) {
        difference = StateDifference(from: state, to: state)
        units = UnitPlan(healing: paths, in: state)
        hooksBefore = HookRun.runs(.before, healing: paths, in: state)
        hooksAfter = HookRun.runs(.after, healing: paths, in: state)
        rebootFor = []
    }

    package func hooks(_ moment: DesiredHook.Moment) -> [HookRun] {
        moment == .before ? hooksBefore : hooksAfter
    }

    /// Directories, links and files, each sorted by path.
    package var changes: [StateDifference.PathChange] {
        difference.directories + difference.links + difference.files
    }

    /// What a bundle asked for before it leaves counts as well as what it asks for now.
    private static func rebootPaths(
        from old: DesiredState, to new: DesiredState, _ difference: StateDifference
    ) -> [String] {
        var triggers: [String: Set<String>] = [:]
        for policy in old.applied.bundles + new.applied.bundles where !policy.rebootOn.isEmpty {
            triggers[policy.name, default: []].formUnion(policy.rebootOn)
        }
        return difference.all.filter { change in
            triggers[change.bundle]?.contains { covers($0, change.path) } ?? false
        }.map(\.path).sorted()
    }
}
