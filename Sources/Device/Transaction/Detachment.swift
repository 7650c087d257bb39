package import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Makes what a generation brought independent of the state folder: each link through `current`
/// becomes a file of its own. For who takes the agent off a device and keeps what it did there.
///
/// Every path changes by one rename and is looked at first, so after a kill at any moment each of them
/// is the link or the file, and a second run does the rest.
package struct Detachment {
    private let store: RecordStore
    private var root: Root { store.root }

    package init(store: RecordStore) { self.store = store }

    /// Puts a copy of what it leads to in the place of each of our links, and returns the paths. Where
    /// something else stands, somebody else put it there, and it stays.
    package func run(_ record: GenerationRecord) throws(TransactionError) -> [String] {
        try asTransaction { try replaceLinks(of: record) }
    }

    private func replaceLinks(of record: GenerationRecord) throws -> [String] {
        var replaced: [String] = []
        for file in record.state.files where file.placement == .link {
            guard try root.readLink(file.path) == LinkPlacement.target(of: file) else { continue }
            try replaceLink(
                at: file.path, leadingTo: LinkPlacement.backing(of: file, in: record.number))
            replaced.append(file.path)
        }
        for folder in Set(replaced.map(DevicePath.parent(of:))).sorted() {
            try root.syncFolder(folder)
        }
        return replaced
    }

    /// The bytes, mode and owner that everybody sees through the link now, even where they have drifted.
    private func replaceLink(at path: String, leadingTo backing: String) throws {
        guard let status = try root.standing(at: backing),
            let bytes = try root.readFile(backing, limit: Limits.fileBytes)
        else {
            throw TransactionError(
                .wrongContent, path: path,
                message: "the link leads to nothing, for \(backing) is missing: heal it with "
                    + "`flotilla-agent sync`, or remove the link")
        }
        let ready = DevicePath.join(
            DevicePath.parent(of: path), ".flotilla-detached-\(DevicePath.name(of: path))")
        try root.unlink(ready, missingIsFine: true)
        try root.createFile(ready, contents: bytes, mode: status.mode, owner: status.owner)
        try root.rename(ready, to: path)
    }
}
