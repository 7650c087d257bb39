internal import AgentMachine
internal import FleetModel
internal import HealthProbes
internal import HostSystem
internal import UnitPlanning

/// A child process that the loop waits for, and what it was started for.
final class Job {
    enum Purpose {
        case fetch
        case stage
        case restage(Move)
        /// One check of the round that is under way.
        case probe(HealthCheck, ProbeChild)
        /// How the units of these checks stand.
        case unitStates([HealthCheck])
        /// Whether Git can be reached at all.
        case askGit
        /// The first of these actions is being done.
        case units([UnitAction], failures: [String])
        /// Asks how these units stand.
        case look([String])
        /// A bundle's own command.
        case hook(HookRun, since: Instant)
        case reboot
        /// Looks the broker's name up.
        case resolve
        /// Asks systemd how the units stand.
        case unitStandings
        /// A step of putting units right is being done, and these come after it.
        case mendUnits([String], rest: [UnitMend], failures: [String])

        /// It works on what strangers send, and without root's rights: nothing of it may outlive
        /// it, least of all what could write where it wrote.
        var facesStrangers: Bool {
            switch self {
            case .fetch, .resolve, .askGit: true
            case .probe(let check, _):
                switch check.probe {
                case .http, .tcp: true
                case .command, .file, .unit, .disk, .memory: false
                }
            case .stage, .restage, .units, .unitStates, .look, .hook, .reboot, .unitStandings,
                .mendUnits:
                false
            }
        }

        /// It works on the device, so nobody else may meanwhile.
        var needsDevice: Bool {
            if case .resolve = self { false } else { true }
        }
    }

    let purpose: Purpose
    let child: RunningChild
    /// Where it is kept with all that it starts.
    let group: ControlGroup?
    var deadline: Instant
    /// It was killed at its deadline.
    var isOverdue = false

    init(
        _ purpose: Purpose, _ child: RunningChild, in group: ControlGroup?, deadline: Instant
    ) {
        self.purpose = purpose
        self.child = child
        self.group = group
        self.deadline = deadline
    }
}
