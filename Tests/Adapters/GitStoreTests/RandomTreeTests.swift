import FleetModel
import Foundation
import GitStore
import TestSupport
import Testing

/// A property: whatever git puts into a tree, `GitRevisionTree` reads back, byte by byte.
@Suite struct RandomTreeTests {
    /// What a path of the working folder is.
    private enum Made: Equatable {
        case file([UInt8])
        case executable([UInt8])
        case symbolicLink(String)
        case folder
    }

    /// Letters that are hard on sorting, quoting and encoding.
    private static let letters = Array("abzAZ09 .-_+~\\'\"*#é\u{0301}漢🙂\t\n\u{1}").map(String.init)

    private func name(_ generator: inout SeededGenerator) -> String {
        let length = Int.random(in: 1...8, using: &generator)
        return (0..<length).map { _ in
            Self.letters.randomElement(using: &generator) ?? "x"
        }.joined()
    }

    /// Fills `folder` and `made` until `rest` entries are used up.
    private func fill(
        _ folder: URL, _ path: String, depth: Int, rest: inout Int,
        _ made: inout [String: Made], _ generator: inout SeededGenerator
    ) throws {
        // A folder without a file is not in Git.
        var entries: [(String, Int)] = [("kept", 0)]
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            entries.append((name(&generator), Int.random(in: 0..<10, using: &generator)))
        }
        for (name, choice) in entries where rest > 0 {
            let child = path.isEmpty ? name : "\(path)/\(name)"
            let file = folder.appendingPathComponent(name)
            // Git refuses these itself, and two spellings of one text are refused by us.
            guard name != ".", name != "..", made[child] == nil else { continue }
            rest -= 1
            let count = Int.random(in: 0...200, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            switch choice {
            case 0...4:
                try Data(bytes).write(to: file)
                made[child] = .file(bytes)
            case 5, 6:
                try Data(bytes).write(to: file)
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: file.path)
                made[child] = .executable(bytes)
            case 7:
                let target = self.name(&generator)
                guard symlink(target, file.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
                made[child] = .symbolicLink(target)
            default:
                guard depth < 5 else { continue }
                try FileManager.default.createDirectory(
                    at: file, withIntermediateDirectories: false)
                made[child] = .folder
                try fill(file, child, depth: depth + 1, rest: &rest, &made, &generator)
            }
        }
    }

    /// Everything that the tree shows, by path.
    private func readBack(_ tree: GitRevisionTree, _ store: ObjectStore, _ folder: String = "")
        throws -> [String: Made]
    {
        var found: [String: Made] = [:]
        let entries = try #require(try tree.entries(of: folder))
        let names = entries.map { Array($0.name.utf8) }
        #expect(names == names.sorted { $0.lexicographicallyPrecedes($1) })
        for entry in entries {
            let path = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
            #expect(try tree.entry(at: path) == entry)
            let contents = try tree.contents(of: path, limit: 1_000)
            switch entry.kind {
            case .file: found[path] = .file(try #require(contents))
            case .executable: found[path] = .executable(try #require(contents))
            case .symbolicLink:
                #expect(contents == nil)
                let target = try store.blob(#require(entry.object), limit: 1_000)
                found[path] = .symbolicLink(String(decoding: try #require(target), as: UTF8.self))
            case .folder:
                #expect(contents == nil)
                found[path] = .folder
                found.merge(try readBack(tree, store, path)) { first, _ in first }
            case .submodule: Issue.record("nobody made the submodule \(path)")
            }
        }
        return found
    }

    @Test("A random tree reads back as it was committed", arguments: 1...12)
    func readsBack(seed: UInt64) throws {
        try withStore { fixture in
            var generator = SeededGenerator(seed: seed)
            var made: [String: Made] = [:]
            var rest = 150
            try fill(
                fixture.source.folder, "", depth: 0, rest: &rest, &made, &generator)
            let commit = try id(fixture.source.commit("random \(seed)"))
            // Once from loose objects, once from a pack with deltas.
            let loose = try ObjectStore(readingRepositoryAt: fixture.source.gitFolder.path)
            #expect(try readBack(loose.tree(of: commit), loose) == made, "seed \(seed)")
            _ = try fixture.store.importPacks(from: fixture.downloaded().path, limit: 1 << 24)
            let packed = try readBack(fixture.store.tree(of: commit), fixture.store)
            #expect(packed == made, "seed \(seed)")
        }
    }
}
