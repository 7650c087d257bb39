package import Documents
package import FleetModel

/// A technician's word that nothing is to change here: no apply and no heal until it ends.
///
/// A record of its own, written by commands and only read by the agent, so that holding a device
/// never has to wait for what the agent is doing.
package struct Hold: Equatable, Sendable {
    package var reason: String
    package var since: Instant
    package var until: Instant

    package init(reason: String, since: Instant, until: Instant) {
        self.reason = reason
        self.since = since
        self.until = until
    }

    package func holds(at now: Instant) -> Bool { now < until }
}

extension Hold: DeviceRecord {
    package static let recordName = "hold"

    package var json: JSONValue {
        [
            "format": 1, "reason": .string(reason), "since": .integer(since.nanoseconds),
            "until": .integer(until.nanoseconds),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(
            reason: reader.text("reason"), since: Instant(nanoseconds: reader.integer("since")),
            until: Instant(nanoseconds: reader.integer("until")))
        try reader.finish(format: 1)
    }
}
