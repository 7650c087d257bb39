import Foundation
import HostSystem
import TestSupport
import Testing

func withFollower(
    bundle: String = Follower.hello, services: String = "none", _ body: (Follower) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        try withGitServer(serving: folder) { server in
            try body(
                Follower(
                    in: folder, url: server.url("fleet/.git"), bundle: bundle, services: services))
        }
    }
}

/// A fleet with one file, and one device that follows it.
final class Follower {
    let repository: TestRepository
    private let key: TestKey
    let root: URL
    private var seconds: Int64 = 1_700_000_000

    static let hello = """
        match: ""
        files: [{source: hello, path: /etc/hello}]
        health:
          settle: 200ms
          interval: 100ms
          deadline: 300ms
          checks: [{name: greets, file: {path: /etc/hello, contains: greeting}}]

        """

    /// `bundle` is what the fleet's one bundle says; its file `hello` is what is released.
    init(
        in folder: URL, url: String, bundle: String = Follower.hello, services: String = "none"
    ) throws {
        repository = try TestRepository(in: folder.appendingPathComponent("fleet"))
        key = try TestKey("anna", in: folder)
        root = folder.appendingPathComponent("device")
        let signers = "anna \(key.publicText)\n"
        try repository.write("fleet.yaml", "format: 1\nname: fleet\n")
        try repository.write("trust/allowed_signers", signers)
        try repository.write("bundles/hello/bundle.yaml", bundle)
        try release("greeting: nobody")
        let first = try repository.git("rev-parse", "HEAD").text
        try write(
            "agent.yaml",
            """
            device: device-1
            channel: main
            services: \(services)
            repository: {url: "\(url)", fetchUser: nobody}
            fetchEvery: 1h
            scanEvery: 1h

            """)
        let anchor = [
            "format": "1", "fleet": "fleet", "channel": "main", "release": first,
            "allowed_signers": signers,
        ]
        try write("anchor", String(decoding: JSONEncoder().encode(anchor), as: UTF8.self))
    }

    /// Releases a text as the content of the one file.
    func release(_ text: String) throws {
        seconds += 60
        try repository.write("bundles/hello/hello", text)
        _ = try repository.commit(
            "\(text)\n\nFlotilla-Channel: fleet/main", key: key, at: seconds)
    }

    func agent(_ arguments: String...) throws -> ChildResult {
        try runChild(
            wrapper + [try builtProgram("flotilla-agent")] + arguments + ["--root", root.path],
            in: root)
    }

    /// Becomes the agent, in a place of its own.
    var wrapper: [String] = []

    /// The resident agent; its log is in `log`.
    func startAgent() throws -> AgentProcess {
        let words = wrapper + [try builtProgram("flotilla-agent"), "run", "--root", root.path]
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        return try AgentProcess(shell: "exec \(quoted) >>'\(log)' 2>&1 </dev/null")
    }

    var log: String { root.deletingLastPathComponent().appendingPathComponent("log").path }
    func logText() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    func status() throws -> [String: Any] {
        let result = try agent("status", "--json")
        return try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    /// The kinds of what happened, oldest first.
    func kinds() throws -> [String] {
        let history = try #require(
            JSONSerialization.jsonObject(with: Data(try agent("history", "--json").output))
                as? [String: Any])
        let outcomes = history["outcomes"] as? [[String: Any]] ?? []
        return outcomes.reversed().compactMap { $0["kind"] as? String }
    }

    /// What the device has.
    func file() throws -> String {
        try String(contentsOf: root.appendingPathComponent("etc/hello"), encoding: .utf8)
    }

    private func write(_ name: String, _ text: String) throws {
        let folder = root.appendingPathComponent("etc/flotilla")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }
}
