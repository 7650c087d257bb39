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
}
