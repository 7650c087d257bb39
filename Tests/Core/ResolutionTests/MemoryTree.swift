import Digests
import FleetModel

/// A revision's tree in memory.
struct MemoryTree: RevisionTree {
    enum Thing {
        case file([UInt8])
        case executable([UInt8])
        case link
        case submodule
        /// A file of this size, whose bytes nobody may ask for.
        case huge(Int)
        /// The store is damaged here.
        case damaged
    }

    private var things: [String: Thing] = [:]
    private var folders: [String: [String: TreeEntry]] = ["": [:]]
    private var crowded: (folder: String, count: Int)?
    /// The order in which `entries` lists; the protocol promises another one.
    var order: @Sendable ([TreeEntry]) -> [TreeEntry] = { entries in
        entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    init(_ things: [String: Thing]) {
        for (path, thing) in things { put(thing, at: path) }
    }

    mutating func put(_ thing: Thing, at path: String) {
        things[path] = thing
        var names = path.split(separator: "/").map(String.init)
        let kind: TreeEntry.Kind =
            switch thing {
            case .file, .huge, .damaged: .file
            case .executable: .executable
            case .link: .symbolicLink
            case .submodule: .submodule
            }
        var entry = TreeEntry(name: names.removeLast(), kind: kind, object: thing.object)
        while true {
            let folder = names.joined(separator: "/")
            folders[folder, default: [:]][entry.name] = entry
            guard let name = names.popLast() else { return }
            entry = TreeEntry(name: name, kind: .folder, object: nil)
        }
    }

    /// Makes a folder of many empty files.
    mutating func crowd(_ folder: String, with count: Int) {
        put(.file([]), at: "\(folder)/x")
        crowded = (folder, count)
    }

    func entries(of folder: String) throws(RevisionTreeError) -> [TreeEntry]? {
        if folder == crowded?.folder {
            return (0..<(crowded?.count ?? 0)).map {
                TreeEntry(name: String(1_000_000 + $0), kind: .file, object: nil)
            }
        }
        return folders[folder].map { order(Array($0.values)) }
    }

    func entry(at path: String) throws(RevisionTreeError) -> TreeEntry? {
        let names = path.split(separator: "/").map(String.init)
        guard let name = names.last else { return nil }
        return folders[names.dropLast().joined(separator: "/")]?[name]
    }

    func contents(of path: String, limit: Int) throws(RevisionTreeError) -> [UInt8]? {
        if let crowded, path.hasPrefix(crowded.folder + "/") { return [] }
        switch things[path] {
        case .file(let bytes), .executable(let bytes):
            guard bytes.count <= limit else {
                throw RevisionTreeError(.tooLarge(limit: limit), path: path, message: "too large")
            }
            return bytes
        case .huge(let size) where size > limit:
            throw RevisionTreeError(.tooLarge(limit: limit), path: path, message: "too large")
        case .huge(let size): return Array(repeating: 0x78, count: size)
        case .damaged:
            throw RevisionTreeError(.unreadable, path: path, message: "the object is missing")
        case .link, .submodule, nil: return nil
        }
    }
}

extension MemoryTree.Thing {
    fileprivate var object: ObjectID? {
        switch self {
        case .file(let bytes), .executable(let bytes):
            ObjectID(SHA256.hash(bytes).description.prefix(40))
        case .link, .submodule, .huge, .damaged: nil
        }
    }
}

extension MemoryTree.Thing: ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self = .file(Array(text.utf8)) }
}
