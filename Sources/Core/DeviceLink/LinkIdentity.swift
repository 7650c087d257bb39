package import FleetModel
package import WireMessages

/// Who speaks, and of which channel.
package struct LinkIdentity: Equatable, Sendable {
    package let device: DeviceID
    package let channel: ChannelName
    package let topics: FleetTopics

    /// `topic` is the base of all topics where it is not `flotilla/<fleet>`.
    package init(device: DeviceID, channel: ChannelName, topic: String? = nil) {
        self.device = device
        self.channel = channel
        topics = FleetTopics(base: topic ?? "flotilla/\(channel.fleet)")
    }

    /// What a device listens to in every session.
    var subscriptions: [String] {
        [
            topics.ack(device), topics.commands(device),
            topics.order(channel: channel.channel),
        ]
    }
}

/// What time it is, by both clocks of a device.
package struct LinkMoment: Equatable, Sendable {
    /// For everything that waits.
    package var monotonic: Instant
    /// The time of day, which may be wrong.
    package var wall: Instant

    package init(monotonic: Instant, wall: Instant) {
        self.monotonic = monotonic
        self.wall = wall
    }
}
