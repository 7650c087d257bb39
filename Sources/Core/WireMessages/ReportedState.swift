package import Digests
package import FleetModel

/// What a device says of itself: retained, and signed with its key.
package struct ReportedState: Equatable, Sendable {
    package struct HoldReport: Equatable, Sendable {
        package var reason: String
        package var until: Instant

        package init(reason: String, until: Instant) {
            self.reason = reason
            self.until = until
        }
    }

    package struct DriftReport: Equatable, Sendable {
        package var count: Int
        /// The first `Limits.reportedDriftPaths` of them.
        package var paths: [String]
        package var since: Instant?
        /// How many of them were put right too often and are left alone.
        package var contested: Int

        package init(
            count: Int = 0, paths: [String] = [], since: Instant? = nil, contested: Int = 0
        ) {
            self.count = count
            self.paths = paths
            self.since = since
            self.contested = contested
        }
    }

    package var fleet: String
    package var channel: String
    package var device: DeviceID
    package var epoch: Int64
    /// Rises with every report of an epoch.
    package var sequence: Int64
    package var at: Instant
    package var agent: String
    package var phase = "idle"
    package var generation = 0
    package var confirmed = false
    /// The last release whose content this device has.
    package var revision: Revision?
    /// Of the current generation; nil before the first one.
    package var digest: ContentDigest?
    package var trustHead: Revision?
    /// The first thing that a person should know; nil when all is well.
    package var problem: String?
    /// The kind of the ledger's alarm: `refused`, `rejected`, `knownBad`, `held`.
    package var alarm: String?
    package var hold: HoldReport?
    package var drift = DriftReport()
    package var labels = Labels()
    package var facts: [String: String] = [:]
    /// The sequence of the newest order that it believed.
    package var order: Int64?
    /// It knows of something newer than what Git gives it, or heard no order for too long.
    package var isStale = false

    package init(
        fleet: String, channel: String, device: DeviceID, epoch: Int64, sequence: Int64,
        at: Instant, agent: String
    ) {
        self.fleet = fleet
        self.channel = channel
        self.device = device
        self.epoch = epoch
        self.sequence = sequence
        self.at = at
        self.agent = agent
    }
}
