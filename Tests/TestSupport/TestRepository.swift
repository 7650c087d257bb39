public import Foundation

/// A key pair that `ssh-keygen` made.
public struct TestKey: Sendable {
    /// Where the private half stands.
    public let path: String
    /// `ssh-ed25519 AAAA…`, without a comment.
    public let publicText: String

    /// Makes a key in `folder`, by default an ed25519 key.
    public init(_ name: String, in folder: URL, kind: [String] = ["ed25519"]) throws {
        path = folder.appendingPathComponent(name).path
        let result = try runChild(
            ["ssh-keygen", "-q", "-N", "", "-C", name, "-f", path, "-t"] + kind, in: folder)
        guard result.status == 0 else { throw ChildFailure(description: result.complaint) }
        let line = try String(contentsOfFile: path + ".pub", encoding: .utf8)
        publicText = line.split(separator: " ").prefix(2).joined(separator: " ")
    }
}

/// A real Git repository in a folder of its own, whose commits are made at given times.
public struct TestRepository {
    /// The working folder.
    public let folder: URL

    private static let environment = [
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent",
        "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org",
        "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org",
    ]

    /// Makes an empty repository with the branch `main`.
    public init(in folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try git("init", "-q", "-b", "main")
    }

    /// Runs Git, which must succeed.
    @discardableResult
    public func git(
        _ arguments: String..., at seconds: Int64 = 1_700_000_000, input: [UInt8] = []
    ) throws -> ChildResult {
        try git(arguments, at: seconds, input: input)
    }

    /// Runs Git, which must succeed.
    @discardableResult
    public func git(
        _ arguments: [String], at seconds: Int64 = 1_700_000_000, input: [UInt8] = []
    ) throws -> ChildResult {
        var environment = Self.environment
        environment["GIT_AUTHOR_DATE"] = "@\(seconds) +0000"
        environment["GIT_COMMITTER_DATE"] = "@\(seconds) +0000"
        let result = try runChild(
            ["git"] + arguments, in: folder, environment: environment, input: input)
        guard result.status == 0 else {
            throw ChildFailure(
                description: "git \(arguments.joined(separator: " ")): \(result.complaint)")
        }
        return result
    }

    /// Writes a file of the working folder.
    public func write(_ path: String, _ text: String) throws {
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Commits the working folder as it is, signed where a key is given. Returns the commit's id.
    public func commit(
        _ message: String, key: TestKey? = nil, at seconds: Int64 = 1_700_000_000
    ) throws -> String {
        try git("add", "-A")
        let signing =
            key.map { ["-c", "gpg.format=ssh", "-c", "user.signingkey=\($0.path)"] } ?? []
        try git(
            signing + ["commit", "-q", "--allow-empty", "-m", message]
                + (key == nil ? ["--no-gpg-sign"] : ["-S"]),
            at: seconds)
        return try git("rev-parse", "HEAD").text
    }

    /// The raw bytes of a commit object.
    public func rawCommit(_ revision: String) throws -> [UInt8] {
        try git("cat-file", "commit", revision).output
    }

    /// Stores any bytes as a commit object, as an attacker with the server could.
    public func store(commit raw: [UInt8]) throws -> String {
        try git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", input: raw).text
    }
}
