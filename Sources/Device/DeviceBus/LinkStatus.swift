internal import DeviceRecords
package import Documents
package import FleetModel

/// How the link to the broker is: kept on the memory file system below /run, for `status` and
/// `doctor`.
package struct LinkStatus: Equatable, Sendable {
    /// What the newest believed order says.
    package struct OrderStatus: Equatable, Sendable {
        package var sequence: Int64
        package var release: Revision
        package var tip: Revision
        package var standing: String
        /// Whether this device may have the release.
        package var isOpen: Bool
        package var issued: Instant
    }

    /// The word of the link's machine: `down`, `resolving`, `connecting`, `recalling`, `up`,
    /// `leaving`; or `off` where there is none.
    package var state = "off"
    /// Since when it is so, by the clock.
    package var since: Instant?
    package var epoch: Int64?
    /// Why it is not up.
    package var problem: String?
    package var outboxEvents = 0
    package var outboxBytes = 0
    package var order: OrderStatus?
    package var isStale = false
    /// When the certificate ends with which the link speaks.
    package var certificateEnd: Instant?

    package init() {}
}

extension LinkStatus: DeviceRecord {
    package static let recordName = "link's status"

    package var json: JSONValue {
        [
            "format": 1, "state": .string(state),
            "since": since.map { .integer($0.nanoseconds) } ?? .null,
            "epoch": epoch.map { .integer($0) } ?? .null,
            "problem": problem.map { .string($0) } ?? .null,
            "outboxEvents": .integer(Int64(outboxEvents)),
            "outboxBytes": .integer(Int64(outboxBytes)),
            "order": order.map { order in
                [
                    "sequence": .integer(order.sequence), "release": .string(order.release.text),
                    "tip": .string(order.tip.text), "standing": .string(order.standing),
                    "isOpen": .bool(order.isOpen), "issued": .integer(order.issued.nanoseconds),
                ]
            } ?? .null,
            "isStale": .bool(isStale),
            "certificateEnd": certificateEnd.map { .integer($0.nanoseconds) } ?? .null,
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init()
        state = reader.text("state")
        since = reader.optionalInteger("since").map(Instant.init(nanoseconds:))
        epoch = reader.optionalInteger("epoch")
        problem = reader.optionalText("problem")
        outboxEvents = Int(reader.integer("outboxEvents"))
        outboxBytes = Int(reader.integer("outboxBytes"))
        let orderNode = reader.optionalNode("order")
        isStale = reader.bool("isStale")
        certificateEnd = reader.optionalInteger("certificateEnd").map(Instant.init(nanoseconds:))
        try reader.finish(format: 1)
        if let orderNode { order = try OrderStatus(reading: orderNode, file: file) }
    }
}

extension LinkStatus.OrderStatus {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "order")
        let sequence = reader.integer("sequence")
        let release = reader.object("release")
        let tip = reader.object("tip")
        let standing = reader.text("standing")
        let isOpen = reader.bool("isOpen")
        let issued = reader.integer("issued")
        try reader.finish()
        guard let release, let tip else { throw reader.invalid }
        self.init(
            sequence: sequence, release: release, tip: tip, standing: standing, isOpen: isOpen,
            issued: Instant(nanoseconds: issued))
    }
}
