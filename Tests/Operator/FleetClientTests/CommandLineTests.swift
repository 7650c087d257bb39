import FleetTools
import Foundation
import TestSupport
import Testing

/// The built program, as a person or a script runs it.
@Suite struct FleetCommandLineTests {
    private func flotilla(
        _ arguments: [String], _ aggregator: Aggregator, environment: [String: String] = [:]
    ) throws -> ChildResult {
        try runChild(
            [try builtProgram("flotilla")] + arguments,
            in: FileManager.default.temporaryDirectory,
            environment: ["FLOTILLA_SERVER": aggregator.url, "LANG": "C.UTF-8"].merging(
                environment
            ) { $1 })
    }

    private func json(_ result: ChildResult) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    @Test(
        "each command has text and JSON, and says by its status how things are",
        arguments: [
            (["status"], "all is well", 0), (["devices"], "4 devices", 0),
            (["device", "gateway-berlin-1"], "failed, online", 0),
            (["why", "gateway-berlin-1"], "✗  the release", 1), (["drift"], "no drift", 0),
            (["events"], "check `portal` failed", 0), (["rollout"], "rolling for", 0),
            (["rollout", "status"], "half        open", 0),
        ] as [([String], String, Int32)])
    func commands(arguments: [String], text: String, status: Int32) throws {
        let aggregator = try Aggregator()
        let people = try flotilla(arguments, aggregator)
        #expect(people.status == status && people.text.contains(text), "\(people)")
        let programs = try flotilla(arguments + ["--json"], aggregator)
        #expect(programs.status == status)
        #expect(try json(programs)["status"] as? Int == Int(status))
        #expect(try json(programs)["ok"] as? Bool == (status == 0))
    }

    @Test("errors end with their status, also as JSON, and go to standard error")
    func errors() throws {
        let aggregator = try Aggregator(token: "secret")
        let unknown = try flotilla(["status"], aggregator)
        #expect(unknown.status == ExitStatus.environment.rawValue && unknown.output.isEmpty)
        #expect(unknown.complaint.contains("wants a token\n    fix: "))
        let programs = try flotilla(["device", "nobody", "--json"], try Aggregator())
        #expect(programs.status == ExitStatus.refused.rawValue)
        #expect(try json(programs)["ok"] as? Bool == false)
        #expect(try flotilla(["device", "No Id"], aggregator).status == ExitStatus.usage.rawValue)
        #expect(
            try flotilla(["events", "--last", "-1"], aggregator).status
                == ExitStatus.usage.rawValue)
        let down = try runChild(
            [try builtProgram("flotilla"), "rollout", "status", "--watch", "--server"]
                + ["http://127.0.0.1:\(try SocketServer.unusedPort())"],
            in: FileManager.default.temporaryDirectory)
        #expect(down.status == ExitStatus.environment.rawValue)
    }

    private static func ending(_ standing: String) -> [Aggregator.Answer] {
        [
            Samples.rollouts(), Samples.rollouts(), Samples.rollouts("paused"),
            Samples.rollouts(standing),
        ].map { Aggregator.Answer(body: $0) }
    }

    @Test(
        "a watch that nobody sees is lines, and ends with the rollout",
        arguments: [("complete", 0), ("halted", 1), ("aborted", 1)] as [(String, Int32)])
    func watch(standing: String, status: Int32) throws {
        let result = try flotilla(
            ["rollout", "status", "--watch"],
            try Aggregator(answers: ["/v1/rollouts": Self.ending(standing)]))
        #expect(result.status == status)
        let lines = result.text.split(separator: "\n")
        #expect(
            lines.map { String($0.prefix { $0 != ":" }) }
                == ["4f4f4f4f4f on harbour/main", "rolling", "paused", standing], "\(result)")
        let programs = try flotilla(
            ["rollout", "status", "--watch", "--json"],
            try Aggregator(answers: ["/v1/rollouts": Self.ending(standing)]))
        #expect(programs.text.split(separator: "\n").count == 3)
    }

    @Test("on a terminal it is drawn in place, and a signal leaves the terminal as it was")
    func terminal() throws {
        let screen = try PseudoTerminal()
        let aggregator = try Aggregator()
        let process = try ServerProcess(
            try builtProgram("flotilla"), ["rollout", "status", "--watch"],
            environment: [
                "FLOTILLA_SERVER": aggregator.url, "LANG": "C.UTF-8", "TERM": "xterm",
            ],
            log: URL(fileURLWithPath: screen.path))
        try screen.wait(for: "3 of 6")
        try screen.wait(for: "\u{1b}[8F")
        #expect(screen.text.hasPrefix("\u{1b}[?25l\u{1b}[?7l"))
        kill(process.pid, SIGINT)
        try screen.wait(for: "\u{1b}[?7h\u{1b}[?25h")
        var status: Int32 = 0
        let deadline = Date().addingTimeInterval(20)
        while waitpid(process.pid, &status, WNOHANG) == 0, Date() < deadline { usleep(10_000) }
        #expect(status & 0x7f == SIGINT)
        process.end()
    }

    @Test("events are followed line by line, from the newest on")
    func follow() throws {
        try withTemporaryFolder { folder in
            let later =
                #"{"version":1,"events":[{"number":13,"device":"kiosk-2","kind":"healed"}],"next":13}"#
            let aggregator = try Aggregator([
                "/v1/events?limit=1": Samples.events, "/v1/events?limit=1000&after=12": later,
                "/v1/events?limit=1000&after=13": #"{"version":1,"events":[],"next":13}"#,
            ])
            let log = folder.appendingPathComponent("log")
            let process = try ServerProcess(
                try builtProgram("flotilla"), ["events", "--follow", "--last", "1"],
                environment: ["FLOTILLA_SERVER": aggregator.url], log: log)
            defer { process.end() }
            let deadline = Date().addingTimeInterval(20)
            while !process.output.contains("healed"), Date() < deadline { usleep(20_000) }
            #expect(process.output.contains("gateway-berlin-1  failed"))
            #expect(process.output.contains("kiosk-2  healed"))
            #expect(!process.output.contains("kiosk-1"))
        }
    }

    @Test("an abort that nobody agreed to is not sent, and a signed one is")
    func abort() throws {
        try withTemporaryFolder { folder in
            let key = try makeSSHKey("key", in: folder)
            let aggregator = try Aggregator([
                "/v1/commands": #"{"version":1,"accepted":true,"standing":"aborted"}"#
            ])
            let arguments = ["rollout", "abort", "--key", key.path, "--reason", "wrong"]
            let nobody = try flotilla(arguments, aggregator)
            #expect(nobody.status == ExitStatus.usage.rawValue)
            #expect(aggregator.requests.allSatisfy { $0.method == "GET" })
            let somebody = try flotilla(arguments + ["--yes", "--json"], aggregator)
            #expect(somebody.status == 0, "\(somebody.complaint)")
            #expect(try json(somebody)["standing"] as? String == "aborted")
            #expect(aggregator.requests.last?.method == "POST")
        }
    }
}
