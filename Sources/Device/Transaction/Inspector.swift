package import DeviceRecords
internal import Digests
package import FleetModel
package import HostSystem

/// Compares the disk with a desired state. The flip, its redo, the way back and the drift watch all
/// see the disk through it, so they agree on what is right.
///
/// It remembers digests of files whose status has not moved since: a scan of an unchanged device
/// reads no file.
package struct Inspector {
    private var root: Root
    private var memory = DigestMemory()
    private var owners: [Ownership: FileOwner] = [:]

    package init(root: Root) { self.root = root }

    /// Whether anybody wants to know of a path: the path, its bundle, and its own policy if it has
    /// one. What an owned directory does not list counts as the directory.
    package typealias Watching = (_ path: String, _ bundle: String, DriftPolicy?) -> Bool

    /// What differs from a generation, sorted by path: directories, files, links, and what stands in
    /// owned directories without being listed. Give it the whole record, for what is not in it is not
    /// listed: `DesiredState.watchingApplied` leaves out what is only observed.
    package mutating func deviations(
        from record: GenerationRecord, watching: Watching = { _, _, _ in true }
    ) throws(TransactionError) -> [Deviation] {
        let plain = root
        root = root.keepingFolders()
        defer { root = plain }
        return try asTransaction { try findDeviations(from: record, watching) }
    }

    private mutating func findDeviations(
        from record: GenerationRecord, _ watching: Watching
    ) throws -> [Deviation] {
        let state = record.state
        var found: [Deviation] = []
        for directory in state.directories
        where watching(directory.path, directory.bundle, directory.drift) {
            if let deviation = try deviation(of: directory) { found.append(deviation) }
        }
        for file in state.files where watching(file.path, file.bundle, file.drift) {
            if let deviation = try deviation(of: file, in: record.number) {
                found.append(deviation)
            }
        }
        for link in state.links where watching(link.path, link.bundle, link.drift) {
            if let deviation = try deviation(of: .link(link), at: link.path) {
                found.append(deviation)
            }
        }
        found += try extras(in: state, watching)
        return found.sorted { $0.path < $1.path }
    }

    /// What stands in one owned directory of a record and is not listed.
    package func extras(
        in directory: String, of record: GenerationRecord
    ) throws(TransactionError) -> [Deviation] {
        try asTransaction {
            try extras(in: record.state) { path, _, _ in path == directory }
        }
    }

    private func extras(in state: DesiredState, _ watching: Watching) throws -> [Deviation] {
        guard state.directories.contains(where: \.isOwned) else { return [] }
        // What is only observed would own its directories if it were applied.
        var all = state
        for index in all.bundles.indices { all.bundles[index].mode = .apply }
        let applied = Extras(root: root, footprint: Footprint(of: state))
        let observed = Extras(root: root, footprint: Footprint(of: all))
        let directories = Dictionary(
            state.directories.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [Deviation] = []
        for path in observed.footprint.owned.sorted() {
            guard let directory = directories[path],
                watching(path, directory.bundle, directory.drift)
            else { continue }
            let extras = applied.footprint.owned.contains(path) ? applied : observed
            found += try deviations(of: directory, extras)
        }
        return found
    }

    private func deviations(of directory: DesiredDirectory, _ extras: Extras) throws -> [Deviation]
    {
        do throws(SystemError) {
            return try extras.find(in: directory.path).map { extra in
                Deviation(
                    path: extra.path, bundle: directory.bundle, kind: .extra,
                    detail: "a \(extra.kind.rawValue) that the owned directory does not list")
            }
        } catch {
            guard error.isTooLarge else { throw error }
            return [
                Deviation(
                    path: directory.path, bundle: directory.bundle, kind: .extra,
                    detail: "more than \(Extras.folderEntries) entries stand in the owned directory"
                )
            ]
        }
    }

    mutating func deviation(of directory: DesiredDirectory) throws -> Deviation? {
        try deviation(of: directory, at: directory.path)
    }

    /// Whether the directory stands at `place`, with its mode and owner.
    mutating func deviation(
        of directory: DesiredDirectory, at place: String
    ) throws -> Deviation? {
        func deviation(_ kind: Deviation.Kind, _ detail: String) -> Deviation {
            Deviation(
                path: directory.path, bundle: directory.bundle, kind: kind, detail: detail)
        }
        guard let status = try root.standing(at: place)
        else { return deviation(.missing, "the directory is missing") }
        guard status.kind == .directory else {
            return deviation(.replaced, "a \(status.kind.rawValue) stands there")
        }
        let access = try Access(mode: directory.mode, owner: owner(of: directory.owner))
        return access.difference(from: status).map(deviation)
    }

    /// Of the path and, for a link through `current`, also of what it leads to in this generation.
    mutating func deviation(
        of file: DesiredFile, in generation: Int
    ) throws -> Deviation? {
        if let deviation = try deviation(of: .file(file), at: file.path) { return deviation }
        guard file.placement == .link else { return nil }
        return try deviation(of: file, at: LinkPlacement.backing(of: file, in: generation))
    }

    /// Whether a file or a link stands at `place`: a real file or the link to one. Of a file that is
    /// placed once anything will do.
    mutating func deviation(
        of leaf: Leaf, at place: String, without dropped: [String] = []
    ) throws -> Deviation? {
        if leaf.isOnce {
            if try root.standing(at: place) != nil { return nil }
        } else if let text = leaf.linkText {
            return try linkDeviation(of: leaf, saying: text, at: place)
        }
        guard case .file(let file) = leaf else { return nil }
        return try deviation(of: file, at: place, without: dropped)
    }

    private func linkDeviation(
        of leaf: Leaf, saying text: String, at place: String
    ) throws -> Deviation? {
        func deviation(_ kind: Deviation.Kind, _ detail: String) -> Deviation {
            Deviation(path: leaf.path, bundle: leaf.bundle, kind: kind, detail: detail)
        }
        guard let status = try root.standing(at: place)
        else { return deviation(.missing, "the link is missing") }
        guard status.kind == .symbolicLink else {
            return deviation(.replaced, "a \(status.kind.rawValue) stands in place of the link")
        }
        let target = try root.readLink(place)
        if target == text { return nil }
        return deviation(.target, "the link leads to \(target ?? "nowhere")")
    }

    /// Whether the bytes of a file stand at `place`, with its mode, owner and attributes.
    mutating func deviation(
        of file: DesiredFile, at place: String, without dropped: [String] = []
    ) throws -> Deviation? {
        let expected = ExpectedFile(
            content: file.content, size: file.size,
            access: Access(mode: file.mode, owner: try owner(of: file.owner)),
            attributes: file.attributes.mapValues { Array($0.utf8) }, dropped: dropped)
        return try difference(from: expected, at: place).map { kind, detail in
            Deviation(path: file.path, bundle: file.bundle, kind: kind, detail: detail)
        }
    }

    mutating func difference(
        from expected: ExpectedFile, at place: String
    ) throws -> (Deviation.Kind, String)? {
        guard let status = try root.standing(at: place)
        else { return (.missing, "the file is missing") }
        guard status.kind == .file else {
            return (.replaced, "a \(status.kind.rawValue) stands there")
        }
        guard status.size == expected.size else {
            return (
                .content, "the content differs: \(status.size) bytes, not \(expected.size)"
            )
        }
        guard try holds(expected.content, at: place, status) else {
            return (.content, "the content differs")
        }
        if let difference = expected.access.difference(from: status) { return difference }
        return try attributeDifference(from: expected, at: place)
    }

    /// Whether a file that stands at `place` has these bytes.
    mutating func holds(
        _ content: ContentDigest, at place: String, _ status: FileStatus
    ) throws(SystemError) -> Bool {
        let root = root
        return try memory.digest(of: place, status: status, root: root) == content
    }

    private func attributeDifference(
        from expected: ExpectedFile, at place: String
    ) throws -> (Deviation.Kind, String)? {
        let names = expected.attributes.keys.sorted() + expected.dropped
        if names.isEmpty { return nil }
        let found = try root.attributes(names, of: place)
        guard let wrong = names.first(where: { found[$0] != expected.attributes[$0] }) else {
            return nil
        }
        let what = found[wrong] == nil ? "is missing" : "differs"
        return (.attribute, "the attribute \(wrong) \(what)")
    }

    /// The numbers of an owner, looked up once.
    mutating func owner(of ownership: Ownership) throws -> FileOwner {
        if let known = owners[ownership] { return known }
        let found = try Users.lookUp(ownership)
        owners[ownership] = found
        return found
    }

    /// Drops what is remembered of paths that nobody asks for any more.
    package mutating func forget(allBut paths: Set<String>) { memory.keep(paths) }
}
