internal import DeviceRecords
package import Documents
internal import HostSystem

/// Which managed path has its new content ready, and where: the manifest of a stage.
///
/// It is on the disk before the first staged file is, so that whatever a crash leaves behind is
/// found again.
package struct StagedFiles: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        /// A file or a link.
        case leaf
        /// An owned directory with all that is in it.
        case tree
    }

    package struct Item: Equatable, Sendable {
        /// Where it is to stand.
        package var path: String
        /// Where it stands ready: on the same file system, in the nearest folder that exists.
        package var staged: String
        package var kind: Kind

        package init(path: String, staged: String, kind: Kind = .leaf) {
            self.path = path
            self.staged = staged
            self.kind = kind
        }

        /// Where a path of a tree stands ready; nil for what is not in it.
        func place(of path: String) -> String? {
            guard DevicePath.isAt(path, orBelow: self.path) else { return nil }
            return staged + path.dropFirst(self.path.count)
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

/// Where each path of a stage stands ready, for many questions.
package struct StagedPlaces: Sendable {
    private let leaves: [String: String]
    private let trees: [StagedFiles.Item]

    package init(_ manifest: StagedFiles?) {
        let items = manifest?.items ?? []
        leaves = Dictionary(
            items.filter { $0.kind == .leaf }.map { ($0.path, $0.staged) },
            uniquingKeysWith: { first, _ in first })
        trees = items.filter { $0.kind == .tree }
    }

    /// Nil where nothing is staged for the path: what stands there is right, or is the device's own.
    package func place(of path: String) -> String? {
        if let place = leaves[path] { return place }
        return inTree(path)
    }

    /// The same for what is in an owned directory that changes as a whole.
    func inTree(_ path: String) -> String? {
        for tree in trees {
            if let place = tree.place(of: path) { return place }
        }
        return nil
    }
}

extension StagedFiles: DeviceRecord {
    package static let recordName = "manifest of staged files"
    package static let isSealed = true

    package var json: JSONValue {
        [
            "format": 2, "generation": .integer(Int64(generation)),
            "items": .array(
                items.map {
                    [
                        "path": .string($0.path), "staged": .string($0.staged),
                        "kind": .string($0.kind.rawValue),
                    ]
                }),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let generation = reader.integer("generation")
        let nodes = reader.list("items")
        // The first format knew leaves only.
        let format = try reader.finish(formats: 1...2)
        self.init(generation: Int(generation))
        for node in nodes {
            var item = RecordReader(node, file: file, what: "staged file")
            let path = item.text("path")
            let staged = item.text("staged")
            let kind = format == 1 ? .leaf : item.choice("kind", default: Kind.leaf)
            items.append(Item(path: path, staged: staged, kind: kind))
            try item.finish()
        }
    }
}
