internal import DeviceRecords
package import Documents
internal import FleetModel
package import HostSystem

/// A validator that must see the new files at their own paths: what `flotilla-worker validate` is told
/// on its standard input. It changes its own view of the machine, and then becomes the validator.
package struct PlacedCommand: Equatable, Sendable {
    package enum Entry: Equatable, Sendable {
        /// The file that stands at this path of the machine.
        case file(String)
        /// A symbolic link with this text.
        case link(String)
        case folder(mode: UInt16)
        case nothing
    }

    package struct Place: Equatable, Sendable {
        package var path: String
        package var entry: Entry

        package init(_ path: String, _ entry: Entry) {
            self.path = path
            self.entry = entry
        }
    }

    /// A folder comes before what is in it.
    package var places: [Place]
    package var command: [String]
    package var environment: [String: String]

    package init(places: [Place], command: [String], environment: [String: String]) {
        self.places = places
        self.command = command
        self.environment = environment
    }

    /// Never comes back where all goes well.
    package func run(below root: String) throws(SystemError) -> Never {
        var view = try PlaceView(of: root)
        for place in places {
            switch place.entry {
            case .file(let source): try view.place(source, at: place.path)
            case .link(let target): try view.link(target, at: place.path)
            case .folder(let mode): try view.folder(place.path, mode: mode)
            case .nothing: try view.remove(place.path)
            }
        }
        try ChildCommand(
            command.first ?? "", Array(command.dropFirst()), environment: environment
        ).replaceProcess()
    }
}

extension PlacedCommand: DeviceRecord {
    package static let recordName = "placed command"

    package var json: JSONValue {
        [
            "format": 1, "places": .array(places.map(\.json)),
            "command": .array(command.map { .string($0) }),
            "environment": .object(environment.mapValues { .string($0) }),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let nodes = reader.list("places")
        let command = reader.texts("command")
        let entries = reader.entries("environment")
        try reader.finish(format: 1)
        var environment: [String: String] = [:]
        for entry in entries {
            if case .scalar(let scalar) = entry.value.content {
                environment[entry.key] = scalar.text
            }
        }
        self.init(places: [], command: command, environment: environment)
        for node in nodes { places.append(try Place(reading: node, file: file)) }
    }
}

extension PlacedCommand.Place {
    fileprivate var json: JSONValue {
        switch entry {
        case .file(let source): ["path": .string(path), "file": .string(source)]
        case .link(let target): ["path": .string(path), "link": .string(target)]
        case .folder(let mode): ["path": .string(path), "folder": .integer(Int64(mode))]
        case .nothing: ["path": .string(path)]
        }
    }

    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "place")
        let path = reader.text("path")
        let source = reader.optionalText("file").map { PlacedCommand.Entry.file($0) }
        let link = reader.optionalText("link").map { PlacedCommand.Entry.link($0) }
        let folder = reader.optionalInteger("folder").map {
            PlacedCommand.Entry.folder(mode: UInt16(truncatingIfNeeded: $0))
        }
        try reader.finish()
        self.init(path, source ?? link ?? folder ?? .nothing)
    }
}
