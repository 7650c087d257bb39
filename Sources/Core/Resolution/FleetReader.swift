internal import Digests
package import Documents
internal import FleetModel

/// Turns the bytes of a file into a tree of values; YAMLDocument supplies it.
package typealias DocumentParser = (_ bytes: [UInt8], _ file: String) throws(InvalidDocument) ->
    Node

/// Reads a revision's tree within the bounds of `Limits`, and remembers what it read, so that many
/// devices can be resolved from one reading. It lives as long as one resolution or one lint.
final class FleetReader {
    enum Lookup {
        case file(TreeEntry)
        case missing
        /// At the path or on the way to it stands something else.
        case other(TreeEntry.Kind, path: String)
    }

    enum Contents {
        case bytes([UInt8])
        case tooLarge
        case missing
    }

    enum Measured {
        case content(ContentDigest, size: Int)
        case tooLarge
        case missing
    }

    private let tree: any RevisionTree
    private let parse: DocumentParser
    private var visited = 0
    private var folders: [String: [TreeEntry]?] = [:]
    private var kinds: [String: TreeEntry.Kind?] = [:]
    private var measured: [String: Measured] = [:]

    init(tree: any RevisionTree, parse: @escaping DocumentParser) {
        self.tree = tree
        self.parse = parse
    }

    /// The entries of a folder in the order of their names' bytes; nil where there is none.
    func entries(of folder: String) throws(ResolutionError) -> [TreeEntry]? {
        if let known = folders[folder] { return known }
        let entries: [TreeEntry]?
        do throws(RevisionTreeError) {
            entries = try tree.entries(of: folder)
        } catch {
            throw ResolutionError(.unreadable(error))
        }
        visited += entries?.count ?? 0
        guard visited <= Limits.treeEntries else {
            throw ResolutionError(
                .tooMany(
                    Diagnostic(
                        file: folder,
                        message: "the fleet repository has more than \(Limits.treeEntries) entries",
                        fix: "Remove what no device needs, or split the fleet.")))
        }
        let sorted = entries?.sorted { byBytes($0.name, $1.name) }
        folders[folder] = sorted
        return sorted
    }

    /// What stands at a path. Symbolic links are never followed, at the end or on the way.
    func lookUp(_ path: String) throws(ResolutionError) -> Lookup {
        let names = Array(path.utf8).split(separator: UInt8(ascii: "/"))
        for count in 1..<max(1, names.count) {
            let parent = String(
                decoding: Array(names[..<count].joined(separator: [UInt8(ascii: "/")])),
                as: UTF8.self)
            guard let kind = try kind(of: parent) else { return .missing }
            guard kind == .folder else { return .other(kind, path: parent) }
        }
        guard let entry = try entry(at: path) else { return .missing }
        switch entry.kind {
        case .file, .executable: return .file(entry)
        case .symbolicLink, .folder, .submodule: return .other(entry.kind, path: path)
        }
    }

    /// The kind of what stands at a path that leads to others.
    func kind(of path: String) throws(ResolutionError) -> TreeEntry.Kind? {
        if let known = kinds[path] { return known }
        let kind = try entry(at: path)?.kind
        kinds[path] = .some(kind)
        return kind
    }

    private func entry(at path: String) throws(ResolutionError) -> TreeEntry? {
        do throws(RevisionTreeError) {
            return try tree.entry(at: path)
        } catch {
            throw ResolutionError(.unreadable(error))
        }
    }

    func contents(of path: String, limit: Int) throws(ResolutionError) -> Contents {
        do throws(RevisionTreeError) {
            return try tree.contents(of: path, limit: limit).map { .bytes($0) } ?? .missing
        } catch {
            if case .tooLarge = error.code { return .tooLarge }
            throw ResolutionError(.unreadable(error))
        }
    }

    /// The digest and the size of a file that becomes a managed file.
    func measure(_ path: String) throws(ResolutionError) -> Measured {
        if let known = measured[path] { return known }
        var result = Measured.missing
        do throws(RevisionTreeError) {
            if let (content, size) = try tree.measure(path, limit: Limits.fileBytes) {
                result = .content(content, size: size)
            }
        } catch {
            guard case .tooLarge = error.code else { throw ResolutionError(.unreadable(error)) }
            result = .tooLarge
        }
        measured[path] = result
        return result
    }

    /// One manifest; nil where there is no such file.
    func manifest<Manifest>(
        at path: String, _ read: (Node, String) -> ManifestReading<Manifest>
    ) throws(ResolutionError) -> ManifestReading<Manifest>? {
        switch try document(at: path) {
        case .success(nil): nil
        case .success(let node?): read(node, path)
        case .failure(let invalid): ManifestReading(nil, faults: invalid.diagnostics)
        }
    }

    func document(at path: String) throws(ResolutionError) -> Result<Node?, InvalidDocument> {
        switch try lookUp(path) {
        case .missing: return .success(nil)
        case .other(let kind, let place):
            return .failure(
                InvalidDocument(
                    Diagnostic(
                        file: path,
                        message: "`\(place)` is \(kind.shown) and not what it should be",
                        fix: "Replace it by \(place == path ? "a file" : "a folder").")))
        case .file: break
        }
        switch try contents(of: path, limit: Limits.yamlBytes) {
        case .missing: return .success(nil)
        case .tooLarge:
            return .failure(
                InvalidDocument(
                    Diagnostic(
                        file: path, message: "the file is larger than \(Limits.yamlBytes) bytes",
                        fix: "Split it.")))
        case .bytes(let bytes):
            do throws(InvalidDocument) {
                return .success(try parse(bytes, path))
            } catch {
                return .failure(error)
            }
        }
    }
}

extension TreeEntry.Kind {
    /// What a person calls it.
    var shown: String {
        switch self {
        case .file, .executable: "a file"
        case .symbolicLink: "a symbolic link"
        case .folder: "a folder"
        case .submodule: "a submodule"
        }
    }
}
