package import FleetModel
package import UnitPlanning

/// The way from one generation to another, or back to itself when drift is healed.
package struct Move: Equatable, Sendable {
    package enum Purpose: String, Equatable, Sendable, CaseIterable {
        /// To a new generation.
        case upgrade
        /// Back to the generation that was confirmed before.
        case goBack
        /// Managed paths of the current generation are made right again.
        case heal
    }

    package var purpose: Purpose
    package var from: Int
    package var to: Int
    /// Why the device goes back.
    package var reason: String?
    /// Checks that failed before the flip too, and so don't send the device back.
    package var wasFailing: [String]
    /// Paths to be healed; empty for a whole generation.
    package var paths: [String]
    /// How the units stood that an upgrade stops before its flip, so that they can be put back.
    package var units: [UnitStanding]
    /// Paths whose change needs a reboot; the first few are enough.
    package var rebootFor: [String] {
        didSet { rebootFor = Array(rebootFor.prefix(Self.rebootPathLimit)) }
    }
    /// The move can cut the device off from whom it could reach before, and within this time after
    /// its flip one of them must answer again. On a way back: the release seems to have done so, and
    /// it is asked again from here. Nil where nobody has to answer.
    package var wayHome: Duration?
    /// How long the checks of `to` have held without a break, as far as that is kept: settle time
    /// adds up over boots.
    package var settled = Duration.zero

    private static let rebootPathLimit = 8

    package init(
        _ purpose: Purpose, from: Int, to: Int, reason: String? = nil, wasFailing: [String] = [],
        paths: [String] = [], units: [UnitStanding] = [], rebootFor: [String] = [],
        wayHome: Duration? = nil
    ) {
        self.purpose = purpose
        self.from = from
        self.to = to
        self.reason = reason
        self.wasFailing = wasFailing
        self.paths = paths
        self.units = units
        self.rebootFor = Array(rebootFor.prefix(Self.rebootPathLimit))
        self.wayHome = wayHome
    }

    /// The way home when this move went wrong.
    package func back(because reason: String) -> Move {
        Move(.goBack, from: to, to: from, reason: reason)
    }

    /// The same when nobody answered from there: who is to blame is not known yet.
    func backWithoutLink(because reason: String) -> Move {
        Move(.goBack, from: to, to: from, reason: reason, wayHome: wayHome)
    }
}

/// How far a move has come; what the journal says.
package enum MovePhase: String, Equatable, Sendable, CaseIterable {
    /// Files are being moved; `current` says whether the commit point is passed.
    case flipping
    /// All files stand where they should; the units come next.
    case placed
    /// Files and units are done, and the machine is to boot before the gate judges.
    case rebooting
    /// The health gate judges.
    case settling
}

/// A generation that stands ready to be flipped to.
package struct Candidate: Equatable, Sendable {
    package var generation: Int
    package var revision: Revision
    package var gate: HealthGate
    /// Paths whose change needs a reboot.
    package var rebootFor: [String]
    /// What it changes can cut the device off.
    package var touchesNetwork: Bool

    package init(
        generation: Int, revision: Revision, gate: HealthGate, rebootFor: [String] = [],
        touchesNetwork: Bool = false
    ) {
        self.generation = generation
        self.revision = revision
        self.gate = gate
        self.rebootFor = rebootFor
        self.touchesNetwork = touchesNetwork
    }
}
