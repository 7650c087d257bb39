package import FleetModel
package import WireMessages

/// What a device said. State and events are verified; presence is what the broker vouches for.
package enum DeviceWord: Equatable, Sendable {
    case presence(Presence)
    case state(ReportedState)
    case events(EventBatch)
}

/// One message of a device, believed.
package struct HeardMessage: Equatable, Sendable {
    package var device: DeviceID
    package var word: DeviceWord

    package init(device: DeviceID, word: DeviceWord) {
        self.device = device
        self.word = word
    }
}

/// Why a message was dropped. Each has a counter.
package enum DropReason: String, Error, Equatable, Sendable, CaseIterable {
    /// Not a topic of ours, or not on the device's own shard.
    case topic
    /// Larger than any message of ours.
    case tooLarge
    /// Not JSON within the bounds, or not the message that belongs to its topic.
    case malformed
    /// No certificate, one of somebody else's authority, of no device, or out of its time.
    case certificate
    case revoked
    /// The certificate is another device's than the topic.
    case otherDevice
    /// Not what the certificate's key signed, or signed for something else.
    case signature
    /// The payload is about another fleet, channel or device.
    case notForUs
    /// More from one device than it can have to say.
    case flood
}

/// A message that was dropped, and what there is to say of it.
struct Dropped: Error, Equatable {
    var reason: DropReason
    var detail: String

    init(_ reason: DropReason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }
}
