package import DeviceRecords
internal import FleetModel
package import HostSystem
package import UnitPlanning

/// Speaks with systemd, one `systemctl` at a time. It only says which commands to run: the agent's
/// loop runs them, so that a unit which is slow to start blocks nothing.
package struct UnitControl: Equatable, Sendable {
    package var services: AgentConfiguration.Services

    package init(services: AgentConfiguration.Services) { self.services = services }

    /// systemd's own limit for starting a unit is 90 s by default; a unit that says more gets it.
    package static let actionDeadline = Duration.seconds(600)

    /// What to run for an action; nil where this device's services are not ours to touch.
    package func command(for action: UnitAction) -> ChildCommand? {
        guard services == .systemd else { return nil }
        return ChildCommand(
            "systemctl", ["--no-ask-password", "--no-pager"] + action.arguments)
    }

    /// How to see how units stand, all of them at once; nil where nobody can tell. `UnitState` reads
    /// what it says.
    package func look(at units: [String]) -> ChildCommand? {
        guard services == .systemd else { return nil }
        let properties = UnitState.properties.joined(separator: ",")
        return ChildCommand(
            "systemctl", ["--no-pager", "show", "--property=\(properties)", "--"] + units,
            outputLimit: Limits.probedBytes)
    }
}
