package import FleetModel
package import WireMessages

/// What became of one message.
package enum Hearing: Equatable, Sendable {
    case news
    /// It was heard before, or something newer was.
    case known
    /// It is of an earlier life of the device, or the device has lost its memory: it is told which
    /// epoch is known.
    case lowEpoch
    /// Too many devices were named that never signed anything.
    case tooMany
    /// It names another fleet, or another device than its topic.
    case notForUs
}

/// An event that was not heard before.
package struct HeardEvent: Equatable, Sendable {
    package var device: DeviceID
    /// Of the device's outbox: with the event's sequence it is the event's name.
    package var epoch: Int64
    package var event: DeviceEvent
    package var received: Instant

    package init(device: DeviceID, epoch: Int64, event: DeviceEvent, received: Instant) {
        self.device = device
        self.epoch = epoch
        self.event = event
        self.received = received
    }
}

/// What changed since somebody last asked: one transaction of a store, and what is to be said after
/// it.
package struct RegisterChanges: Equatable, Sendable {
    package var rows: [DeviceRow] = []
    package var events: [HeardEvent] = []
    /// To be signed and sent after `rows` and `events` are safe, never before.
    package var acknowledgements: [Acknowledgement] = []
    /// Devices whose labels, facts or agent changed: what they should have is to be told anew.
    package var toResolve: [DeviceID] = []

    package init() {}

    package var isEmpty: Bool {
        rows.isEmpty && events.isEmpty && acknowledgements.isEmpty && toResolve.isEmpty
    }
}
