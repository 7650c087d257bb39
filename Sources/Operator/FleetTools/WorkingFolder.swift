package import FleetModel
internal import Foundation

/// A fleet repository's files as they stand in a folder, committed or not, without Git's own. It is
/// as strict about what it meets as a revision in the object store: links are never followed.
package struct WorkingFolder: RevisionTree {
    private let root: String

    package init(path: String) { root = path }

    /// Whether there is a folder at all.
    package static func exists(at path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    package func entries(of folder: String) throws(RevisionTreeError) -> [TreeEntry]? {
        if !folder.isEmpty, try entry(at: folder)?.kind != .folder { return nil }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: place(folder))
        } catch {
            throw RevisionTreeError(
                .unreadable, path: folder.isEmpty ? root : folder,
                message: "the folder can't be read: \(error.localizedDescription)")
        }
        var entries: [TreeEntry] = []
        for name in names where !(folder.isEmpty && name == ".git") {
            if let kind = try kind(of: folder.isEmpty ? name : "\(folder)/\(name)") {
                entries.append(TreeEntry(name: name, kind: kind, object: nil))
            }
        }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    package func entry(at path: String) throws(RevisionTreeError) -> TreeEntry? {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !names.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }),
            names.first != ".git", let name = names.last
        else { return nil }
        for count in 1..<names.count {
            let parent = names.prefix(count).joined(separator: "/")
            guard try kind(of: parent) == .folder else { return nil }
        }
        return try kind(of: path).map { TreeEntry(name: String(name), kind: $0, object: nil) }
    }

    package func contents(of path: String, limit: Int) throws(RevisionTreeError) -> [UInt8]? {
        guard let entry = try entry(at: path), entry.kind == .file || entry.kind == .executable
        else { return nil }
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: place(path)))
            defer { try? file.close() }
            // One byte more than allowed is enough to know.
            let bytes = try file.read(upToCount: limit + 1) ?? Data()
            if bytes.count <= limit { return Array(bytes) }
        } catch {
            throw RevisionTreeError(
                .unreadable, path: path,
                message: "the file can't be read: \(error.localizedDescription)")
        }
        throw RevisionTreeError(
            .tooLarge(limit: limit), path: path, message: "the file has more than \(limit) bytes")
    }

    private func place(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    /// Nil where nothing is, and for what Git does not keep: sockets, pipes and devices.
    private func kind(of path: String) throws(RevisionTreeError) -> TreeEntry.Kind? {
        var status = stat()
        guard lstat(place(path), &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw RevisionTreeError(
                .unreadable, path: path, message: String(cString: strerror(errno)))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return status.st_mode & S_IXUSR == 0 ? .file : .executable
        case S_IFLNK: return .symbolicLink
        case S_IFDIR:
            // A repository inside the repository is a submodule to Git.
            let isRepository = FileManager.default.fileExists(atPath: place(path) + "/.git")
            return isRepository ? .submodule : .folder
        default: return nil
        }
    }
}
