package import Documents
package import FleetModel

/// What `flotilla-worker fetch` tells the agent on its standard output.
package struct FetchReport: Equatable, Sendable {
    /// Where the channel's branch points on the server. Nobody has verified it yet.
    package var tip: Revision
    package var receivedBytes: Int

    package init(tip: Revision, receivedBytes: Int) {
        self.tip = tip
        self.receivedBytes = receivedBytes
    }
}

extension FetchReport: DeviceRecord {
    package static let recordName = "fetch report"

    package var json: JSONValue {
        [
            "format": 1, "tip": .string(tip.text),
            "receivedBytes": .integer(Int64(receivedBytes)),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let tip = reader.object("tip")
        let receivedBytes = reader.integer("receivedBytes")
        try reader.finish(format: 1)
        guard let tip else { throw reader.invalid }
        self.init(tip: tip, receivedBytes: Int(receivedBytes))
    }
}
