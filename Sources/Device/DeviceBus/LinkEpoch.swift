internal import DeviceLink
internal import DeviceRecords
package import Documents
internal import FleetModel

/// The number that keeps a device's sessions apart over its lives.
package struct LinkEpoch: Equatable, Sendable {
    package var epoch: Int64

    package init(epoch: Int64) { self.epoch = epoch }
}

extension LinkEpoch: DeviceRecord {
    package static let recordName = "session epoch"

    package var json: JSONValue { ["format": 1, "epoch": .integer(epoch)] }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(epoch: reader.integer("epoch"))
        try reader.finish(format: 1)
        guard (0...SessionEpochs.highest).contains(epoch) else {
            throw InvalidDocument(
                Diagnostic(
                    file: file,
                    message: "the session epoch \(epoch) is one that no device comes to",
                    fix: "Remove the file: the broker and the clock know how to go on."))
        }
    }
}
