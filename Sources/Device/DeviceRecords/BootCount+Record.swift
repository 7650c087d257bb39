package import AgentMachine
package import Documents

extension BootCount: DeviceRecord {
    package static let recordName = "count of boots"

    package var json: JSONValue {
        [
            "format": 1, "generation": .integer(Int64(generation)), "boot": .string(boot),
            "thirds": .integer(Int64(thirds)), "hadTime": .bool(hadTime), "open": .bool(isOpen),
            "orderly": .bool(wasOrderly),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(
            generation: Int(reader.integer("generation")), boot: reader.text("boot"),
            thirds: Int(reader.integer("thirds")), hadTime: reader.bool("hadTime"),
            isOpen: reader.bool("open"), wasOrderly: reader.bool("orderly"))
        try reader.finish(format: 1)
    }
}
