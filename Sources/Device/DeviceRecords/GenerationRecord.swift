package import Digests
package import Documents
package import FleetModel

/// A desired state as it stands, or is to stand, on this device.
///
/// Number 0 is the device before Flotilla: nothing managed, no revision. Going back from the first
/// generation leads there, and puts back the files that stood in its place.
package struct GenerationRecord: Equatable, Sendable {
    package var number: Int
    /// The revision that brought it; nil for number 0.
    package var revision: Revision?
    package var digest: ContentDigest
    package var created: Instant
    package var state: DesiredState

    package init(number: Int, revision: Revision?, created: Instant, state: DesiredState) {
        self.number = number
        self.revision = revision
        self.digest = state.digest
        self.created = created
        self.state = state
    }

    package static let beforeFlotilla = GenerationRecord(
        number: 0, revision: nil, created: Instant(nanoseconds: 0), state: DesiredState())
}

extension GenerationRecord: DeviceRecord {
    package static let recordName = "generation record"
    package static let isSealed = true

    package var json: JSONValue {
        [
            "format": 1,
            "number": .integer(Int64(number)),
            "revision": revision.map { .string($0.text) } ?? .null,
            "digest": .string(digest.description),
            "created": .integer(created.nanoseconds),
            "state": state.json(withBlobs: true),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let number = reader.integer("number")
        let revision = reader.optionalObject("revision")
        let digest = reader.digest("digest")
        let created = reader.integer("created")
        let stateNode = reader.node("state")
        try reader.finish(format: 1)
        let state = try DesiredState(reading: stateNode, file: file)
        self.init(
            number: Int(number), revision: revision,
            created: Instant(nanoseconds: created), state: state)
        guard self.digest == digest else {
            throw InvalidDocument(
                Diagnostic(
                    file: file, message: "the generation's digest does not fit its content",
                    fix: "The file was damaged or edited; remove the folder of this generation."))
        }
    }
}
