internal import FleetModel
internal import HostSystem

/// What stands in an owned directory and is not listed.
struct Extras {
    let root: Root
    let footprint: Footprint

    /// The names of one folder, all of them told or none: a folder with more is told as a whole.
    static let folderEntries = Limits.files
    /// What one look finds at most; the rest is found when these are gone.
    static let found = Limits.files

    struct Extra: Equatable, Sendable {
        var path: String
        var kind: FileStatus.Kind
    }

    /// The topmost of them, sorted by path: of a folder that should not be there, not what is in it.
    /// Never follows a link, and goes no deeper than the listed folders do.
    func find(in directory: String) throws(SystemError) -> [Extra] {
        var extras: [Extra] = []
        var folders = [directory]
        while let folder = folders.popLast() {
            guard try root.standing(at: folder)?.kind == .directory else { continue }
            for name in try root.listFolder(folder, limit: Self.folderEntries) ?? [] {
                let path = DevicePath.join(folder, name)
                // What is staged here goes with its manifest.
                if name.utf8.starts(with: ManagedPath.reservedPrefix.utf8) { continue }
                if footprint.isFolder(path) { folders.append(path) }
                if footprint.lists(path) { continue }
                guard let status = try root.standing(at: path) else { continue }
                extras.append(Extra(path: path, kind: status.kind))
                if extras.count == Self.found { return extras }
            }
        }
        return extras.sorted { $0.path < $1.path }
    }

    /// Everything in a folder that would have to be kept before it is removed, the folder itself not:
    /// parents before what is in them.
    func everything(
        in folder: String, _ visit: (String, FileStatus) throws -> Void
    ) throws {
        var count = 0
        try walk(folder, depth: 0, &count, visit)
    }

    private func walk(
        _ folder: String, depth: Int, _ count: inout Int,
        _ visit: (String, FileStatus) throws -> Void
    ) throws {
        guard depth < Limits.treeDepth else {
            throw TransactionError(
                .blocked, path: folder,
                message: "its folders are nested more than \(Limits.treeDepth) deep")
        }
        for name in try root.listFolder(folder, limit: Self.folderEntries) ?? [] {
            let path = DevicePath.join(folder, name)
            if name.utf8.starts(with: ManagedPath.reservedPrefix.utf8) { continue }
            if footprint.once.contains(path) { continue }
            if footprint.observed.contains(path), !footprint.isFolder(path) { continue }
            guard let status = try root.standing(at: path) else {
                throw TransactionError(
                    .blocked, path: path, message: "its name is no text, so it can't be kept")
            }
            count += 1
            guard count <= Limits.files else {
                throw TransactionError(
                    .blocked, path: folder,
                    message: "it holds more than \(Limits.files) entries, too many to be kept")
            }
            try visit(path, status)
            if status.kind == .directory { try walk(path, depth: depth + 1, &count, visit) }
        }
    }
}
