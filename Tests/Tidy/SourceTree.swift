import Foundation

/// The package's own files. Only read, never built or run.
struct SourceTree {
    let root: URL

    /// The package that this file belongs to.
    init() {
        root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// All files, relative to the package, without what Git and builds keep there.
    func files() throws -> [String] {
        var files: [String] = []
        try walk("") { path, isFolder in if !isFolder { files.append(path) } }
        return files.sorted()
    }

    /// The folders in which modules and their tests stand.
    func moduleFolders() throws -> [String] {
        var folders: [String] = []
        try walk("") { path, isFolder in
            if isFolder && path.split(separator: "/").count == 3 { folders.append(path) }
        }
        return folders.sorted()
    }

    func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appendingPathComponent(path)), as: UTF8.self)
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// What Git tracks; nil where this is no Git repository, but an archive of one.
    func trackedFiles() throws -> [String]? {
        guard exists(".git") else { return nil }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "git", "-c", "safe.directory=*", "-C", root.path, "ls-files", "-z",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unreadable() }
        return String(decoding: data, as: UTF8.self).split(separator: "\0").map(String.init)
    }

    struct Unreadable: Error {}

    private func walk(_ folder: String, _ visit: (String, _ isFolder: Bool) -> Void) throws {
        let place = root.appendingPathComponent(folder)
        for name in try FileManager.default.contentsOfDirectory(atPath: place.path) {
            if name == ".git" || name.hasPrefix(".build") || name == "node_modules" { continue }
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let attributes = try FileManager.default.attributesOfItem(
                atPath: root.appendingPathComponent(path).path)
            let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
            visit(path, isFolder)
            if isFolder { try walk(path, visit) }
        }
    }
}
