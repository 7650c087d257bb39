internal import Documents
package import FleetModel

/// What was last dropped of each device's own topics, until something of it is believed again: for
/// people who ask why a device is silent.
package struct Disbelieved: Equatable, Sendable {
    package struct Drop: Equatable, Sendable {
        package var reason: DropReason
        package var detail: String
        package var at: Instant
    }

    /// Whoever has many devices that are dropped finds the reason with the first of them.
    private static let limit = 1_000

    private var drops: [DeviceID: Drop] = [:]

    mutating func note(_ dropped: Dropped, of device: DeviceID, at now: Instant) {
        guard drops[device] != nil || drops.count < Self.limit else { return }
        // What stands in a message are a stranger's words.
        let detail = printable(String(dropped.detail.prefix(300)))
        drops[device] = Drop(reason: dropped.reason, detail: detail, at: now)
    }

    /// What is signed was believed; presence is not signed and says nothing of that.
    mutating func forget(_ message: HeardMessage) {
        if case .presence = message.word { return }
        drops[message.device] = nil
    }

    package subscript(device: DeviceID) -> Drop? { drops[device] }
}
