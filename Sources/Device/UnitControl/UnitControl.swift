package import DeviceRecords
package import FleetModel
package import HealthProbes
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

    /// How to see whether a unit is active; nil where nobody can tell.
    package func probe(of unit: String, _ check: HealthCheck) -> ProbeChild? {
        guard services == .systemd else { return nil }
        let command = ChildCommand("systemctl", ["is-active", "--", unit])
        return ProbeChild(command, deadline: check.timeout, speaks: .status)
    }
}
