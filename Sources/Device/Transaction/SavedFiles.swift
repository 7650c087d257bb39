internal import DeviceRecords
package import Digests
package import Documents
package import HostSystem

/// What stood at managed paths before Flotilla came: the index of the saved originals. Their bytes
/// stand beside it, named by their digest.
///
/// A path is in it from before its first flip until a generation without it has settled. An entry
/// is never written over, so a redo can't take our own file for the original.
package struct SavedFiles: Equatable, Sendable {
    package enum Original: Equatable, Sendable {
        /// Nothing stood there.
        case absent
        case file(content: ContentDigest, size: Int, mode: UInt16, owner: FileOwner)
        case link(target: String)
        case directory(mode: UInt16, owner: FileOwner)
    }

    package var originals: [String: Original]

    package init(originals: [String: Original] = [:]) { self.originals = originals }

    /// The paths that a state does not hold any more, where the original is to come back.
    func leaving(_ footprint: Footprint) -> [String] {
        originals.keys.filter { path in
            if footprint.manages(path) { return false }
            if case .directory = originals[path] { return true }
            return !footprint.parents.contains(path)
        }
    }
}

extension SavedFiles: DeviceRecord {
    package static let recordName = "index of saved files"
    static let index = StateLayout.saved + "/index.json"

    static func contents(_ digest: ContentDigest) -> String { "\(StateLayout.saved)/\(digest)" }

    package var json: JSONValue {
        [
            "format": 1,
            "originals": .array(
                originals.sorted { $0.key < $1.key }.map { path, original in
                    var members = original.members
                    members["path"] = .string(path)
                    return .object(members)
                }),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        let nodes = reader.list("originals")
        try reader.finish(format: 1)
        self.init()
        for node in nodes {
            var reader = RecordReader(node, file: file, what: "saved file")
            let path = reader.text("path")
            originals[path] = Original(reading: &reader)
            try reader.finish()
        }
    }
}

private enum OriginalKind: String, CaseIterable {
    case absent, file, link, directory
}

extension SavedFiles.Original {
    fileprivate var members: [String: JSONValue] {
        switch self {
        case .absent: ["kind": .string(OriginalKind.absent.rawValue)]
        case .file(let content, let size, let mode, let owner):
            access(.file, mode, owner).merging(
                ["sha256": .string(content.description), "size": .integer(Int64(size))]
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
                content: reader.digest("sha256"), size: Int(reader.integer("size")), mode: mode(),
                owner: owner())
        case .link: self = .link(target: reader.text("target"))
        case .directory: self = .directory(mode: mode(), owner: owner())
        }
    }
}
