package import FleetModel

/// A hook that a move runs, and what changes for it.
package struct HookRun: Equatable, Sendable {
    package var hook: DesiredHook
    /// Sorted.
    package var paths: [String]

    package init(hook: DesiredHook, paths: [String]) {
        self.hook = hook
        self.paths = paths
    }

    /// The hooks of a move from one state to another, in the order in which their bundles list them:
    /// those of the state that is to be, and then those of bundles that leave, for whom something
    /// changes too.
    ///
    /// A hook whose own program comes with the move is not there before it, and one whose program
    /// leaves is not there after it: neither can run.
    package static func runs(
        _ moment: DesiredHook.Moment, from old: DesiredState, to new: DesiredState,
        changing difference: StateDifference? = nil
    ) -> [HookRun] {
        let changes = (difference ?? StateDifference(from: old, to: new)).all
        let (old, new) = (old.applied, new.applied)
        let kept = Set(new.hooks.map(\.id))
        let absent: StateDifference.Change = moment == .before ? .added : .removed
        let missing = Set(changes.filter { $0.change == absent }.map(\.path))
        let hooks = new.hooks + old.hooks.filter { !kept.contains($0.id) }
        return hooks.filter { $0.moment == moment && !missing.contains($0.command.first ?? "") }
            .compactMap { run($0, changes) }
    }

    /// The hooks of a healing: the drifted paths count as changed.
    package static func runs(
        _ moment: DesiredHook.Moment, healing paths: [String], in state: DesiredState
    ) -> [HookRun] {
        let state = state.applied
        let healed = Set(paths)
        let owners =
            state.files.map { ($0.path, $0.bundle) } + state.links.map { ($0.path, $0.bundle) }
            + state.directories.map { ($0.path, $0.bundle) }
        let changes = owners.filter { healed.contains($0.0) }.map { path, bundle in
            StateDifference.PathChange(path: path, change: .changed, bundle: bundle)
        }
        return state.hooks.filter { $0.moment == moment }.compactMap { run($0, changes) }
    }

    private static func run(
        _ hook: DesiredHook, _ changes: [StateDifference.PathChange]
    ) -> HookRun? {
        let paths = changes.filter { change in
            hook.on.isEmpty
                ? change.bundle == hook.bundle : hook.on.contains { covers($0, change.path) }
        }
        return paths.isEmpty ? nil : HookRun(hook: hook, paths: paths.map(\.path).sorted())
    }
}
