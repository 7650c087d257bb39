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
        /// The first of these actions is being done.
        case units([UnitAction], failures: [String])
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
            case .fetch, .resolve: true
            case .probe(let check, _):
                switch check.probe {
                case .http, .tcp: true
                case .command, .file, .unit, .disk, .memory: false
                }
            case .stage, .restage, .units, .unitStandings, .mendUnits: false
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

/// One round of checks: some answer at once, some are children.
struct ProbeRound {
    /// A worker costs some 15 MB for a moment: a few at once are quick, all of them are too much
    /// for a small device.
    static let atOnce = 8

    private var waiting: [HealthCheck]
    private let count: Int
    var results: [CheckResult] = []

    init(_ checks: [HealthCheck]) {
        waiting = checks.reversed()
        count = checks.count
    }

    var isComplete: Bool { results.count == count }

    /// The next check to be started; nil when all of them have been.
    mutating func takeNext() -> HealthCheck? { waiting.popLast() }
}
