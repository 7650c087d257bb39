internal import DeviceRecords
package import Digests
package import Documents
package import FleetModel
package import HostSystem

/// What stood at managed paths before Flotilla came: the index of the saved originals. Their bytes
/// stand beside it, named by their digest.
///
/// A path is in it from before its first flip until a generation without it has settled. A redo
/// never writes an entry over, so it can't take our own file for the original.
package struct SavedFiles: Equatable, Sendable {
    package enum Original: Equatable, Sendable {
        /// Nothing stood there.
        case absent
        case file(SavedFile)
        case link(target: String)
        case directory(mode: UInt16, owner: FileOwner)
    }

    package struct SavedFile: Equatable, Sendable {
        package var content: ContentDigest
        package var size: Int
        package var mode: UInt16
        package var owner: FileOwner
        /// All of its extended attributes, for all of it comes back.
        package var attributes: [String: [UInt8]]
    }

    package var originals: [String: Original]
    /// The system that each file came with, where its system says: `debian 12`.
    package var systems: [String: String]
    /// Directories that are owned and whose contents were saved when they became so.
    package var owned: Set<String>
    /// When somebody last looked whether the system has brought newer files.
    package var seen: SystemMark?

    package init(originals: [String: Original] = [:]) {
        self.originals = originals
        systems = [:]
        owned = []
    }

    /// The paths that a state does not hold any more, where the original is to come back.
    ///
    /// What is in an owned directory waits until that is owned no more. A file that is placed once
    /// stays as the device's own; only on the way back, when a generation that took it over was never
    /// confirmed, the device gets its own again.
    func leaving(_ footprint: Footprint, onTheWayBack: Bool) -> [String] {
        originals.keys.filter { path in
            if footprint.manages(path) || footprint.owner(of: path) != nil { return false }
            if footprint.once.contains(path) { return onTheWayBack && originals[path] != .absent }
            // Where a file stands now, what was in a folder there waits for the folder.
            if originals[path] != .absent, footprint.hasLeaf(above: path) { return false }
            if case .directory = originals[path] { return true }
            return !footprint.parents.contains(path)
        }
    }

    /// What a folder is like that a state implies and does not declare: as the device had it, else as
    /// such folders are made.
    func impliedAccess(of folder: String) -> Access {
        if case .directory(let mode, let owner) = originals[folder] {
            return Access(mode: mode, owner: owner)
        }
        return Access(mode: 0o755, owner: .root)
    }

    mutating func forget(_ path: String) {
        originals[path] = nil
        systems[path] = nil
    }
}

/// Which state of its vendor's software a system is in.
package struct SystemMark: Equatable, Sendable {
    /// `debian 12`, of os-release.
    package var system: String?
    /// When dpkg last brought or removed a package.
    package var packages: Instant?
}

extension SavedFiles: DeviceRecord {
    package static let recordName = "index of saved files"
    package static let isSealed = true
    static let index = StateLayout.saved + "/index.json"

    static func contents(_ digest: ContentDigest) -> String { "\(StateLayout.saved)/\(digest)" }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "format": 2,
            "originals": .array(
                originals.sorted { $0.key < $1.key }.map { path, original in
                    var members = original.members
                    members["path"] = .string(path)
                    if let system = systems[path] { members["system"] = .string(system) }
                    return .object(members)
                }),
            "owned": .array(owned.sorted().map { .string($0) }),
        ]
        if let seen {
            members["seen"] = [
                "system": seen.system.map { .string($0) } ?? .null,
                "packages": seen.packages.map { .integer($0.nanoseconds) } ?? .null,
            ]
        }
        return .object(members)
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let nodes = reader.list("originals")
        let owned = reader.optionalTexts("owned")
        let seen = reader.optionalNode("seen")
        // The first format had neither owned directories nor attributes nor systems.
        try reader.finish(formats: 1...2)
        self.init()
        self.owned = Set(owned)
        self.seen = try seen.map { node throws(InvalidDocument) in
            try SystemMark(reading: node, file: file)
        }
        for node in nodes {
            var reader = RecordReader(node, file: file, what: "saved file")
            let path = reader.text("path")
            originals[path] = Original(reading: &reader)
            systems[path] = reader.optionalText("system")
            try reader.finish()
        }
    }
}

extension SystemMark {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "mark of the system")
        system = reader.optionalText("system")
        packages = reader.optionalInteger("packages").map { Instant(nanoseconds: $0) }
        try reader.finish()
    }
}

private enum OriginalKind: String, CaseIterable {
    case absent, file, link, directory
}

extension SavedFiles.Original {
    fileprivate var members: [String: JSONValue] {
        switch self {
        case .absent: ["kind": .string(OriginalKind.absent.rawValue)]
        case .file(let file):
            access(.file, file.mode, file.owner).merging(
                [
                    "sha256": .string(file.content.description),
                    "size": .integer(Int64(file.size)),
                    "attributes": .object(
                        file.attributes.mapValues { .string(Hex.encode($0)) }),
                ]
            ) { first, _ in first }
        case .link(let target):
            ["kind": .string(OriginalKind.link.rawValue), "target": .string(target)]
        case .directory(let mode, let owner): access(.directory, mode, owner)
        }
    }

    private func access(
        _ kind: OriginalKind, _ mode: UInt16, _ owner: FileOwner
    ) -> [String: JSONValue] {
        [
            "kind": .string(kind.rawValue), "mode": .integer(Int64(mode)),
            "user": .integer(Int64(owner.user)), "group": .integer(Int64(owner.group)),
        ]
    }

    fileprivate init(reading reader: inout RecordReader) {
        func mode() -> UInt16 { UInt16(truncatingIfNeeded: reader.integer("mode") & 0o7777) }
        func owner() -> FileOwner {
            FileOwner(
                user: UInt32(truncatingIfNeeded: reader.integer("user")),
                group: UInt32(truncatingIfNeeded: reader.integer("group")))
        }
        switch reader.choice("kind", default: OriginalKind.absent) {
        case .absent: self = .absent
        case .file:
            self = .file(
                SavedFiles.SavedFile(
                    content: reader.digest("sha256"), size: Int(reader.integer("size")),
                    mode: mode(), owner: owner(), attributes: reader.bytes("attributes")))
        case .link: self = .link(target: reader.text("target"))
        case .directory: self = .directory(mode: mode(), owner: owner())
        }
    }
}

extension RecordReader {
    /// Bytes in hexadecimal digits by their names; none where the key is missing.
    fileprivate mutating func bytes(_ key: String) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for (name, text) in optionalNamedTexts(key) {
            guard let bytes = Hex.decode(text) else {
                wrong(key, "hexadecimal digits")
                continue
            }
            found[name] = bytes
        }
        return found
    }
}
