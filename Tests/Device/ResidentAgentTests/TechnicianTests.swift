import Foundation
import HostSystem
import TestSupport
import Testing

/// The built programs as a technician uses them, on a device that follows a real Git server.
@Suite(.enabled(if: geteuid() == 0, "fetching gives up root's rights"))
struct TechnicianTests {
    @Test("after going back by itself a device is not well, and one sync looks at Git once")
    func goesBack() throws {
        try withFollower { follower in
            try follower.release("greeting: hello")
            #expect(try follower.agent("sync").status == 0)
            try follower.release("farewell: bye")
            let sync = try follower.agent("sync")
            #expect(sync.status == 1)
            #expect(sync.complaint.contains("back on generation 1"))
            #expect(!sync.complaint.contains("is not tried again"))
            let status = try follower.status()
            #expect((status["alarm"] as? [String: Any])?["kind"] as? String == "knownBad")
            #expect(try follower.agent("sync").complaint.contains("is not tried again"))
        }
    }

    @Test("a rollback needs no network and applies nothing that was released meanwhile")
    func rollback() throws {
        try withFollower { follower in
            for text in ["greeting: one", "greeting: two"] {
                try follower.release(text)
                #expect(try follower.agent("sync").status == 0)
            }
            let had = try follower.status()
            try follower.release("greeting: three")
            let rollback = try follower.agent("rollback", "--reason", "odd")
            #expect(rollback.status == 0, "\(rollback.complaint)")
            #expect(try follower.file() == "greeting: one")
            let status = try follower.status()
            #expect(status["trust"] as? [String: String] == had["trust"] as? [String: String])
            #expect(
                (status["failed"] as? [[String: Any]])?.map { $0["digest"] as? String }
                    == [had["digest"] as? String])
        }
    }

    @Test("a held device that already has the last release is well")
    func hold() throws {
        try withFollower { follower in
            try follower.release("greeting: one")
            #expect(try follower.agent("sync").status == 0)
            #expect(try follower.agent("hold", "--reason", "work").status == 0)
            #expect(try follower.agent("sync").status == 0)
            try follower.release("greeting: two")
            #expect(try follower.agent("sync").status == 1)
            #expect(try follower.file() == "greeting: one")
        }
    }

    @Test("docs/device.md explains every member of `status --json`")
    func documented() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/device.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let parts = text.components(separatedBy: "### status --json")
        try #require(parts.count == 2)
        try withFollower { follower in
            for member in try follower.status().keys {
                #expect(parts[1].contains("`\(member)`"), "\(member)")
            }
        }
    }

    @Test("help is no mistake, and anything unknown is one")
    func help() throws {
        let agent = try builtProgram("flotilla-agent")
        for word in ["help", "--help", "-h"] {
            let result = try runChild([agent, word], in: FileManager.default.temporaryDirectory)
            #expect(result.status == 0 && result.text.contains("usage:"))
        }
        let wrong = try runChild([agent, "reboot"], in: FileManager.default.temporaryDirectory)
        #expect(wrong.status == 2 && wrong.output.isEmpty)
    }

    private func withFollower(_ body: (Follower) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try withGitServer(serving: folder) { server in
                try body(Follower(in: folder, url: server.url("fleet/.git")))
            }
        }
    }
}

/// A fleet with one file, and one device that follows it.
private final class Follower {
    private let repository: TestRepository
    private let key: TestKey
    private let root: URL
    private var seconds: Int64 = 1_700_000_000

    init(in folder: URL, url: String) throws {
        repository = try TestRepository(in: folder.appendingPathComponent("fleet"))
        key = try TestKey("anna", in: folder)
        root = folder.appendingPathComponent("device")
        let signers = "anna \(key.publicText)\n"
        try repository.write("fleet.yaml", "format: 1\nname: fleet\n")
        try repository.write("trust/allowed_signers", signers)
        try repository.write(
            "bundles/hello/bundle.yaml",
            """
            match: ""
            files: [{source: hello, path: /etc/hello}]
            health:
              settle: 200ms
              interval: 100ms
              deadline: 300ms
              checks: [{name: greets, file: {path: /etc/hello, contains: greeting}}]

            """)
        try release("greeting: nobody")
        let first = try repository.git("rev-parse", "HEAD").text
        try write(
            "agent.yaml",
            """
            device: device-1
            channel: main
            services: none
            repository: {url: "\(url)", fetchUser: nobody}

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
            [try builtProgram("flotilla-agent")] + arguments + ["--root", root.path], in: root)
    }

    func status() throws -> [String: Any] {
        let result = try agent("status", "--json")
        return try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
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
