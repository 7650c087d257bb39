import Demo
import Foundation
import TestSupport
import Testing

/// The demo itself must be able to fail.
@Suite(.serialized) struct DemoTests {
    @Test(
        "an interrupted demo ends what it started and removes its folder",
        arguments: DemoStory.allCases)
    func interrupted(story: DemoStory) throws {
        let top = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        try withTemporaryFolder { folder in
            let log = folder.appendingPathComponent("log")
            let demo = try ServerProcess(
                try builtProgram("flotilla"),
                [
                    "demo", "--story", story.rawValue, "--fleet", top.path + "/Fleet", "--broker",
                    top.path + "/systemd/broker", "--seed", "1",
                ],
                log: log)
            let watchman = try Watchman(watchesSignals: false)
            let isUnderWay = try watchman.wait(atMost: .seconds(120)) {
                demo.output.contains("✓")
            }
            #expect(isUnderWay, "\(demo.output)")
            let words = demo.output.split(separator: ";").first?.split(separator: " ")
            let world = String(try #require(words?.last))
            #expect(FileManager.default.fileExists(atPath: world))
            kill(demo.pid, SIGTERM)
            let hasEnded = try watchman.wait(atMost: .seconds(30)) {
                demo.output.contains("interrupted")
                    && !FileManager.default.fileExists(atPath: world)
            }
            #expect(hasEnded, "\(demo.output)")
        }
    }

    @Test("a fault that the story does not know is refused before anything is started")
    func unknownFault() throws {
        for (story, fault, known) in [
            ("fleet", "heal", "verify, gate, ack"), ("device", "ack", "verify, gate, heal"),
        ] {
            let outcome = try runChild(
                [try builtProgram("flotilla"), "demo", "--story", story],
                in: URL(fileURLWithPath: "/"), environment: ["DEMO_BREAK": fault])
            #expect(outcome.status == 2)
            #expect(outcome.complaint.contains(known), "\(outcome.complaint)")
        }
    }
}
