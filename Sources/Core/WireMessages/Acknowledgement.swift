package import Documents
package import FleetModel

/// Says up to which event the aggregator has a device's outbox in its database: signed by the
/// aggregator, and the only thing that empties an outbox.
package struct Acknowledgement: Equatable, Sendable {
    package var fleet: String
    package var channel: String
    package var device: DeviceID
    /// The outbox's epoch that `upto` counts in.
    package var epoch: Int64
    package var upto: Int64
    /// The highest epoch that the aggregator knows of this device. A device that is below it has
    /// lost its memory, and begins above it.
    package var knownEpoch: Int64
    package var issued: Instant

    package init(
        fleet: String, channel: String, device: DeviceID, epoch: Int64, upto: Int64,
        knownEpoch: Int64, issued: Instant
    ) {
        self.fleet = fleet
        self.channel = channel
        self.device = device
        self.epoch = epoch
        self.upto = upto
        self.knownEpoch = knownEpoch
        self.issued = issued
    }
}

extension Acknowledgement: SignedPayload {
    package static let kind = "ack"
    package static let namespace = SignatureNamespace.acknowledgement

    package var json: JSONValue {
        var members = header(Self.kind, audience: device.text)
        members["epoch"] = .integer(epoch)
        members["upto"] = .integer(upto)
        members["knownEpoch"] = .integer(knownEpoch)
        members["issued"] = .time(issued)
        return .members(members)
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an acknowledgement")
        let (fleet, channel) = reader.header(Self.kind, audience: nil)
        let device = reader.device("audience")
        let (epoch, upto) = (reader.epoch("epoch"), reader.integer("upto"))
        let knownEpoch = reader.epoch("knownEpoch")
        let issued = reader.instant("issued")
        try reader.finish()
        guard let device else { fatalError("a missing device is a fault") }
        self.init(
            fleet: fleet, channel: channel, device: device, epoch: epoch, upto: upto,
            knownEpoch: knownEpoch, issued: issued)
    }
}
