package import DeviceRecords
internal import Digests
internal import FleetModel
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

    /// What differs from a generation, sorted by path: directories and files.
    package mutating func deviations(
        from record: GenerationRecord
    ) throws(TransactionError) -> [Deviation] {
        let plain = root
        root = root.keepingFolders()
        defer { root = plain }
        return try asTransaction { try findDeviations(from: record) }
    }

    private mutating func findDeviations(from record: GenerationRecord) throws -> [Deviation] {
        var found: [Deviation] = []
        for directory in record.state.directories {
            if let deviation = try deviation(of: directory) { found.append(deviation) }
        }
        for file in record.state.files {
            if let deviation = try deviation(of: file, in: record.number) {
                found.append(deviation)
            }
        }
        return found.sorted { $0.path < $1.path }
    }

    mutating func deviation(
        of directory: DesiredDirectory
    ) throws -> Deviation? {
        let path = directory.path
        func deviation(_ kind: Deviation.Kind, _ detail: String) -> Deviation {
            Deviation(path: path, bundle: directory.bundle, kind: kind, detail: detail)
        }
        guard let status = try root.standing(at: path)
        else { return deviation(.missing, "the directory is missing") }
        guard status.kind == .directory else {
            return deviation(.replaced, "a \(status.kind.rawValue) stands there")
        }
        let access = try Access(mode: directory.mode, owner: owner(of: directory.owner))
        return access.difference(from: status).map(deviation)
    }

    /// Of the path and, for a link, also of what it leads to in this generation.
    mutating func deviation(
        of file: DesiredFile, in generation: Int
    ) throws -> Deviation? {
        switch file.placement {
        case .copy:
            return try deviation(of: file, at: file.path)
        case .link:
            if let deviation = try linkDeviation(of: file, at: file.path) { return deviation }
            return try deviation(
                of: file, at: LinkPlacement.backing(of: file, in: generation))
        }
    }

    /// Whether the link of a file stands at `place`.
    mutating func linkDeviation(
        of file: DesiredFile, at place: String
    ) throws -> Deviation? {
        func deviation(_ kind: Deviation.Kind, _ detail: String) -> Deviation {
            Deviation(path: file.path, bundle: file.bundle, kind: kind, detail: detail)
        }
        guard let status = try root.standing(at: place)
        else { return deviation(.missing, "the link is missing") }
        guard status.kind == .symbolicLink else {
            return deviation(.replaced, "a \(status.kind.rawValue) stands in place of the link")
        }
        let target = try root.readLink(place)
        if target == LinkPlacement.target(of: file) { return nil }
        return deviation(.target, "the link leads to \(target ?? "nowhere")")
    }

    /// Whether the bytes of a file stand at `place`, with its mode and owner.
    mutating func deviation(
        of file: DesiredFile, at place: String
    ) throws -> Deviation? {
        let expected = ExpectedFile(
            content: file.content, size: file.size,
            access: Access(mode: file.mode, owner: try owner(of: file.owner)))
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
        let root = root
        let digest = try memory.digest(of: place, status: status, root: root)
        guard digest == expected.content else { return (.content, "the content differs") }
        return expected.access.difference(from: status)
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

/// What a regular file should be.
struct ExpectedFile: Equatable, Sendable {
    var content: ContentDigest
    var size: Int
    var access: Access
}

/// Who may do what with a path.
struct Access: Equatable, Sendable {
    var mode: UInt16
    var owner: FileOwner

    func difference(from status: FileStatus) -> (Deviation.Kind, String)? {
        if status.owner != owner {
            return (
                .owner,
                "the owner is \(status.owner.user):\(status.owner.group), "
                    + "not \(owner.user):\(owner.group)"
            )
        }
        if status.mode != mode {
            return (.mode, "the mode is \(octal(status.mode)), not \(octal(mode))")
        }
        return nil
    }

    private func octal(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }
}
