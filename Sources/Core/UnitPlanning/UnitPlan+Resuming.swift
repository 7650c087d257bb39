package import FleetModel

extension UnitPlan {
    /// What the units of a generation need when the agent begins anew in the middle of its gate. A boot
    /// may lie between, and it starts what is enabled, which need not be what is to run. Where nothing
    /// happened to the units, none of this does anything.
    package static func resuming(_ state: DesiredState) -> [UnitAction] {
        let units = state.applied.units
        let sorting = UnitSorting(units.map(\.name), as: units)
        func names(_ isMeant: (DesiredUnit) -> Bool) -> [String] {
            units.filter(isMeant).map(\.name)
        }
        let actions =
            sorting.toStop(names { $0.activity == .stopped }).map { UnitAction.stop($0) }
            + sorting.toStart(names { $0.enabled == false }).map { .disable($0) }
            + sorting.toStart(names { $0.enabled == true }).map { .enable($0) }
            + sorting.toStart(names { $0.activity == .running }).map { .start($0) }
        // The files may have come to their places after systemd read them.
        return actions.isEmpty ? [] : [.daemonReload] + actions
    }
}
