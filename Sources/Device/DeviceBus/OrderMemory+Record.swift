package import DeviceLink
internal import DeviceRecords
package import Documents
internal import FleetModel
internal import WireMessages

extension OrderMemory: DeviceRecord {
    package static var recordName: String { "memory of orders" }

    package var json: JSONValue {
        [
            "format": 1, "floors": floors.json,
            "newest": newest.map { newest in
                [
                    "order": newest.order.json, "key": .string(newest.key),
                    "boot": .string(newest.arrival.boot),
                    "arrived": .integer(newest.arrival.at.nanoseconds),
                ]
            } ?? .null,
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let floors = reader.node("floors")
        let newest = reader.optionalNode("newest")
        try reader.finish(format: 1)
        self.init(floors: try OrderFloors(reading: floors))
        if let newest { self.newest = try Self.believed(newest, file) }
    }

    private static func believed(
        _ node: Node, _ file: String
    ) throws(InvalidDocument) -> Believed {
        var reader = RecordReader(node, file: file, what: "newest order")
        let order = reader.node("order")
        let key = reader.text("key")
        let arrival = Arrival(
            boot: reader.text("boot"), at: Instant(nanoseconds: reader.integer("arrived")))
        try reader.finish()
        return Believed(order: try Order(reading: order), key: key, arrival: arrival)
    }
}
