package import FleetModel
package import Transaction

/// A managed path that is not as its generation wants it, and since when that is known.
package struct DriftFinding: Equatable, Sendable, CustomStringConvertible {
    package var deviation: Deviation
    /// What its bundle wants done about it: `heal` or `report`.
    package var policy: DriftPolicy
    /// When it was first found like this, by the wall clock.
    package var since: Instant

    package init(deviation: Deviation, policy: DriftPolicy, since: Instant) {
        self.deviation = deviation
        self.policy = policy
        self.since = since
    }

    package var path: String { deviation.path }
    package var bundle: String { deviation.bundle }
    package var kind: Deviation.Kind { deviation.kind }
    package var description: String { "\(deviation) since \(since)" }
}
