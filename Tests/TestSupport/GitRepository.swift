public import Foundation

/// A real Git repository with a working folder, driven by the real `git`.
public struct GitRepository {
    /// The working folder.
    public let folder: URL

    /// Makes an empty repository whose branch is `main`.
    public init(creatingAt folder: URL, options: [String] = []) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try git(["init", "--quiet", "--initial-branch=main"] + options)
    }

    /// The repository itself.
    public var gitFolder: URL { folder.appendingPathComponent(".git") }

    /// Runs git in the working folder and returns what it prints, without the last line end.
    @discardableResult
    public func git(_ arguments: [String], input: Data? = nil) throws -> String {
        let identity = [
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Test", "GIT_COMMITTER_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@example.org", "GIT_COMMITTER_EMAIL": "test@example.org",
            "GIT_TERMINAL_PROMPT": "0",
        ]
        let output = try run(
            "git", arguments, in: folder, environment: identity, input: input)
        let text = String(decoding: output, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Writes a file of the working folder.
    public func write(_ path: String, _ contents: Data) throws {
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: file)
    }

    /// Writes a text file of the working folder.
    public func write(_ path: String, _ text: String) throws {
        try write(path, Data(text.utf8))
    }

    /// Commits everything and returns the commit's id.
    @discardableResult
    public func commit(_ message: String) throws -> String {
        try git(["add", "--all"])
        try git(["commit", "--quiet", "--allow-empty", "--no-gpg-sign", "--message", message])
        return try git(["rev-parse", "HEAD"])
    }
}
