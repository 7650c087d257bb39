import FleetTools
import Foundation
import TestSupport
import Testing

/// The built program, as a person or a script runs it.
@Suite struct CommandLineTests {
    private func flotilla(_ arguments: String..., in folder: URL) throws -> ChildResult {
        try runChild(
            [try builtProgram("flotilla")] + arguments, in: folder,
            environment: [
                "HOME": folder.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Test",
                "GIT_AUTHOR_EMAIL": "test@example.org", "GIT_COMMITTER_NAME": "Test",
                "GIT_COMMITTER_EMAIL": "test@example.org",
            ])
    }

    private func json(_ result: ChildResult) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    @Test("from nothing to a second release, each command with its exit status")
    func story() throws {
        try withTemporaryFolder { folder in
            let made = try flotilla("init", "fleet", in: folder)
            #expect(made.status == ExitStatus.success.rawValue, "\(made.complaint)")
            #expect(made.text.contains("next:") && !made.text.contains("\u{1b}"))
            let fleet = folder.appendingPathComponent("fleet")
            #expect(try flotilla("lint", in: fleet).status == ExitStatus.success.rawValue)
            let nothing = try flotilla("publish", in: fleet)
            #expect(nothing.status == ExitStatus.unchanged.rawValue)
            #expect(nothing.output.isEmpty && nothing.complaint.contains("fix: "))

            try Data("match: role=example\n".utf8).write(
                to: fleet.appendingPathComponent("bundles/hello/bundle.yaml"))
            let commit = try runChild(
                [
                    "git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam",
                    "Less",
                ],
                in: fleet)
            #expect(commit.status == 0)
            let published = try flotilla("publish", "-m", "Fewer files", "--json", in: fleet)
            #expect(published.status == ExitStatus.success.rawValue, "\(published.complaint)")
            let release = try #require(try json(published)["release"] as? String)

            let verified = try flotilla(
                "verify", "--anchor", "../fleet.anchor", "--json", in: fleet)
            #expect(verified.status == ExitStatus.success.rawValue)
            #expect(try json(verified)["head"] as? String == release)
            let anchor = try flotilla("anchor", "-C", "fleet", in: folder)
            #expect(try json(anchor)["release"] as? String == release)
        }
    }

    @Test("faults end with 1, also as JSON")
    func faults() throws {
        try withTemporaryFolder { folder in
            try Data("format: 1\nname: Fleet\n".utf8).write(
                to: folder.appendingPathComponent("fleet.yaml"))
            let people = try flotilla("lint", in: folder)
            #expect(people.status == ExitStatus.refused.rawValue)
            #expect(people.text.contains("fleet.yaml:2:7"))
            let programs = try flotilla("lint", "--json", in: folder)
            #expect(programs.status == ExitStatus.refused.rawValue)
            #expect(try json(programs)["ok"] as? Bool == false)
        }
    }

    @Test("a mistake in the arguments ends with 2, a missing repository with 3")
    func usage() throws {
        try withTemporaryFolder { folder in
            for arguments in [["publish", "--chanel", "x"], ["lint", "a", "b"], ["nonsense"]] {
                let result = try flotilla(arguments, in: folder)
                #expect(result.status == ExitStatus.usage.rawValue)
                #expect(result.output.isEmpty && !result.complaint.isEmpty)
            }
            #expect(
                try flotilla("init", "Bad Name", in: folder).status == ExitStatus.usage.rawValue)
            let outside = try flotilla("verify", "--json", in: folder)
            #expect(outside.status == ExitStatus.environment.rawValue)
            #expect(try json(outside)["ok"] as? Bool == false)
        }
    }

    private func flotilla(_ arguments: [String], in folder: URL) throws -> ChildResult {
        try runChild([try builtProgram("flotilla")] + arguments, in: folder)
    }

    @Test("help and the documentation name every exit status")
    func documented() throws {
        let help = try flotilla(["--help"], in: FileManager.default.temporaryDirectory)
        #expect(help.status == 0)
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/cli.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        for status in ExitStatus.allCases {
            #expect(help.text.contains("  \(status.rawValue)  \(status.meaning)"))
            #expect(text.contains("| \(status.rawValue) | `\(status)` | \(status.meaning) |"))
        }
    }
}
