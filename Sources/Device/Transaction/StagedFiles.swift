internal import DeviceRecords
package import Documents

/// Which managed path has its new content ready, and where: the manifest of a stage.
///
/// It is on the disk before the first staged file is, so that whatever a crash leaves behind is
/// found again.
package struct StagedFiles: Equatable, Sendable {
    package struct Item: Equatable, Sendable {
        /// Where it is to stand.
        package var path: String
        /// Where it stands ready: on the same file system, in the nearest folder that exists.
        package var staged: String

        package init(path: String, staged: String) {
            self.path = path
            self.staged = staged
        }
    }

    package var generation: Int
    package var items: [Item]

    package init(generation: Int, items: [Item] = []) {
        self.generation = generation
        self.items = items
    }

    /// A name that nobody else uses, and that no `*.conf` and no `run-parts` picks up.
    static func name(generation: Int, index: Int) -> String { ".flotilla-\(generation)-\(index)" }
}

extension StagedFiles: DeviceRecord {
    package static let recordName = "manifest of staged files"

    package var json: JSONValue {
        [
            "format": 1, "generation": .integer(Int64(generation)),
            "items": .array(
                items.map { ["path": .string($0.path), "staged": .string($0.staged)] }),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let generation = reader.integer("generation")
        let nodes = reader.list("items")
        try reader.finish(format: 1)
        self.init(generation: Int(generation))
        for node in nodes {
            var item = RecordReader(node, file: file, what: "staged file")
            items.append(Item(path: item.text("path"), staged: item.text("staged")))
            try item.finish()
        }
    }
}
