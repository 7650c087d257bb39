package import Documents
package import FleetModel

/// What differs and stays so: where drift is only told, is contested, or the device is held. Written
/// when it becomes another set and at no other time, so that it is known over a reboot since when.
package struct DriftRecord: Equatable, Sendable {
    /// At most `limit`, in their order.
    package private(set) var drifts: [Drift]

    package static let limit = 100

    package init(_ drifts: [Drift]) { self.drifts = Array(drifts.prefix(Self.limit)) }

    /// Whether it would be written for nothing.
    package func isSame(as other: DriftRecord) -> Bool {
        drifts.count == other.drifts.count
            && zip(drifts, other.drifts).allSatisfy {
                $0.isSame(as: $1) && $0.standing == $1.standing && $0.since == $1.since
            }
    }
}

extension DriftRecord: DeviceRecord {
    package static let recordName = "drift"

    package var json: JSONValue { ["format": 1, "drifts": .array(drifts.map(\.record))] }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let nodes = reader.list("drifts")
        try reader.finish(format: 1)
        var drifts: [Drift] = []
        for node in nodes { drifts.append(try Drift(reading: node, file: file)) }
        self.init(drifts)
    }
}

extension Drift {
    /// As the agent's records have it.
    package var record: JSONValue {
        [
            "subject": .string(subject), "bundle": .string(bundle),
            "kind": .string(kind.rawValue), "detail": .string(detail),
            "policy": .string(policy.rawValue), "since": .integer(since.nanoseconds),
            "standing": .string(standing.rawValue), "healed": .integer(Int64(healed)),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "drift of a path or unit")
        self.init(
            subject: reader.text("subject"), bundle: reader.text("bundle"),
            kind: reader.choice("kind", default: .content), detail: reader.text("detail"),
            policy: reader.choice("policy", default: .heal),
            since: Instant(nanoseconds: reader.integer("since")),
            standing: reader.choice("standing", default: .reported),
            healed: Int(reader.integer("healed")))
        try reader.finish()
    }
}
