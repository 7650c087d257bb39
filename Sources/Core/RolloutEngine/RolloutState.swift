package import Digests
package import FleetModel
package import WireMessages

/// All that the engine remembers: what a store keeps, and what a new process goes on with.
package struct RolloutState: Equatable, Sendable {
    /// A rollout that is over, as it stood when it was left.
    package struct Past: Equatable, Sendable {
        package var release: Revision
        package var tree: ObjectID
        package var standing: Order.Standing
        package var began: Instant
        package var ended: Instant
        package var reason: String
        package var affected: Int
        package var counts: [String: Int]
    }

    /// Where the clock last went on by more than a day at once, and the number of the last order
    /// before that.
    package struct Leap: Equatable, Sendable {
        package var from: Instant
        package var sequence: Int64
    }

    static let keptDecisions = 50
    static let keptRollouts = 20

    package let channel: ChannelName
    package internal(set) var current: Rollout?
    /// What comes next: only the newest is kept.
    package internal(set) var queued: RolloutRelease?
    /// The newest verified release of the channel, whatever is rolled out.
    package internal(set) var tip: Revision?
    /// The last order, as it was published.
    package internal(set) var order: Order?
    package internal(set) var lastSequence: Int64 = 0
    /// The newest ones, in the order of time.
    package internal(set) var decisions: [Decision] = []
    /// In the order of time.
    package internal(set) var past: [Past] = []
    /// When the fleet was last looked at.
    package internal(set) var lastStep: Instant?
    package internal(set) var leap: Leap?

    package init(channel: ChannelName) { self.channel = channel }

    package var decisionHead: ContentDigest? { decisions.last?.digest }
}
