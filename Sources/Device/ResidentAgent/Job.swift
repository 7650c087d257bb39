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
    }

    let purpose: Purpose
    let child: RunningChild
    var deadline: Instant
    /// It was killed at its deadline.
    var isOverdue = false

    init(_ purpose: Purpose, _ child: RunningChild, deadline: Instant) {
        self.purpose = purpose
        self.child = child
        self.deadline = deadline
    }
}

/// One round of checks: some answer at once, some are children.
struct ProbeRound {
    var awaited: Int
    var results: [CheckResult] = []
}
