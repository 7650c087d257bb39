package import Digests
package import Documents
package import FleetModel

/// An event of a device as it is kept.
package struct StoredEvent: Equatable, Sendable {
    package var device: DeviceID
    /// The epoch in which the device's outbox began to count, and the event's place in it: together
    /// with the device they name the event, however often it is sent.
    package var epoch: Int64
    package var sequence: Int64
    package var kind: String
    package var generation: Int?
    package var revision: Revision?
    package var digest: ContentDigest?
    package var detail: String
    /// By the device's clock.
    package var at: Instant
    /// By ours.
    package var received: Instant

    package init(
        device: DeviceID, epoch: Int64, sequence: Int64, kind: String, generation: Int? = nil,
        revision: Revision? = nil, digest: ContentDigest? = nil, detail: String, at: Instant,
        received: Instant
    ) {
        self.device = device
        self.epoch = epoch
        self.sequence = sequence
        self.kind = kind
        self.generation = generation
        self.revision = revision
        self.digest = digest
        self.detail = detail
        self.at = at
        self.received = received
    }
}

/// A decision of the rollout engine as it is kept: its place in the log, and the digest that makes
/// the log a chain.
package struct StoredDecision: Equatable, Sendable {
    package var number: Int64
    package var at: Instant
    package var record: JSONValue
    package var digest: ContentDigest

    package init(number: Int64, at: Instant, record: JSONValue, digest: ContentDigest) {
        self.number = number
        self.at = at
        self.record = record
        self.digest = digest
    }
}

/// What one transaction writes. What is said to devices afterwards rests on it.
package struct FleetChanges: Equatable, Sendable {
    /// The whole new row of each device that changed.
    package var devices: [DeviceID: JSONValue] = [:]
    /// In the order in which they came. One that is known already changes nothing.
    package var events: [StoredEvent] = []
    package var decisions: [StoredDecision] = []
    /// The state of the rollout engine, the commands that were obeyed, and other single values, by
    /// name.
    package var values: [String: JSONValue] = [:]

    package init() {}

    package var isEmpty: Bool { self == FleetChanges() }
}
