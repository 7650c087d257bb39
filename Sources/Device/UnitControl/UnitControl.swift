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
        return Self.systemctl(action.arguments)
    }

    /// How to boot the machine; nil where that is not ours to do.
    package var reboot: ChildCommand? {
        services == .systemd ? Self.systemctl(["reboot"]) : nil
    }

    /// How to see whether units run and are enabled, before a move changes that; nil where nobody
    /// can tell. `standings` reads what it says.
    package func seeStandings(of units: [String]) -> ChildCommand? {
        guard services == .systemd else { return nil }
        var command = Self.systemctl(
            ["show", "--property=ActiveState", "--property=UnitFileState", "--"] + units)
        command.outputLimit = Self.standingBytes * max(1, units.count)
        return command
    }

    /// What `seeStandings` says of one unit is two lines.
    private static let standingBytes = 256

    /// Reads what `seeStandings` answered: a block of lines for each unit, in the order in which they were
    /// asked for. Nil where that is not what stands there.
    package static func standings(of units: [String], in answer: String) -> [UnitStanding]? {
        let blocks = ShownProperties.read(answer)
        guard blocks.count == units.count else { return nil }
        var standings: [UnitStanding] = []
        for (unit, block) in zip(units, blocks) {
            guard let activity = block["ActiveState"], let file = block["UnitFileState"] else {
                return nil
            }
            standings.append(
                UnitStanding(
                    unit: unit, isActive: running.contains(activity), isEnabled: file == "enabled"))
        }
        return standings
    }

    private static let running: Set<String> = ["active", "activating", "reloading", "refreshing"]

    private static func systemctl(_ arguments: [String]) -> ChildCommand {
        ChildCommand("systemctl", ["--no-ask-password", "--no-pager"] + arguments)
    }

    /// How to see how units stand, all of them at once; nil where nobody can tell. `UnitState` reads
    /// what it says.
    package func look(at units: [String]) -> ChildCommand? {
        guard services == .systemd else { return nil }
        let properties = UnitState.properties.joined(separator: ",")
        return ChildCommand(
            "systemctl", ["--no-pager", "show", "--property=\(properties)", "--"] + units,
            outputLimit: Self.limit(of: units))
    }
}
