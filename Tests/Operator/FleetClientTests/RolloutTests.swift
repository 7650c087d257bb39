import FleetClient
import FleetModel
import FleetTools
import Foundation
import TestSupport
import Testing

@Suite struct RolloutTests {
    private func picture(_ answer: String) async throws -> ChannelPicture {
        try await Aggregator(["/v1/rollouts": answer]).connected {
            (server) async throws(OperatorError) in
            try await server.channel()
        }
    }

    private let decisions = [
        #"{"at":1795400000000,"text":"canary opened","digest":"00"}"#,
        #"{"at":1795400060000,"text":"half opened: canary was well for 30 s","digest":"01"}"#,
    ]

    @Test("the waves are bars, and the last decisions say why")
    func waves() async throws {
        let answer = Samples.rollouts(decisions: decisions.joined(separator: ","))
        let report = RolloutReport(try await picture(answer), now: Samples.now)
        #expect(report.status == .success)
        #expect(
            report.text(width: 72) == """
                rollout of 4f4f4f4f4f on harbour/main: rolling for 4 min

                  canary      done     █████████████████████████████████  1 of 1
                  half        open     ████████████████████████████████░  3 of 6
                  everything  waiting  ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0 of 5

                  4 of 12 affected devices arrived
                  succeeded 4, moving 2, waiting 5, failed 1

                last decisions
                  2026-11-23T02:13:20Z  canary opened
                  2026-11-23T02:14:20Z  half opened: canary was well for 30 s
                """)
    }

    @Test("a halted rollout says why and ends with 1; none at all is no fault")
    func halted() async throws {
        let reason = #""1 failed, and 1 is enough""#
        let halted = RolloutReport(
            try await picture(Samples.rollouts("halted", reason: reason)), now: Samples.now)
        #expect(halted.status == .refused)
        #expect(halted.text().contains("    why: 1 failed, and 1 is enough"))
        let none = RolloutReport(try await picture(Samples.noRollout), now: Samples.now)
        #expect(none.status == .success)
        #expect(none.text() == "no rollout on harbour/main at 4f4f4f4f4f")
    }

    @Test("each part of a bar has a block, and the bar is never longer than it is")
    func bars() async throws {
        let waves = [
            Samples.wave("all", "open", 10_000, #""succeeded":9998,"moving":1,"failed":1"#),
            Samples.wave("odd", "open", 0, ""),
        ]
        let report = RolloutReport(
            try await picture(Samples.rollouts(waves: waves)), now: Samples.now)
        let colours = report.lines(on: Terminal(width: 60, hasColors: true))
        #expect(colours.contains { $0.contains("\u{1b}[36m█\u{1b}[0m\u{1b}[31m█\u{1b}[0m") })
        #expect(report.text(width: 60).split(separator: "\n").allSatisfy { $0.count <= 60 })
    }

    @Test("in plain lines every step is told once")
    func log() async throws {
        var log = RolloutLog()
        let start = try await picture(Samples.rollouts(decisions: decisions[0]))
        #expect(
            log.news(start) == [
                "4f4f4f4f4f on harbour/main",
                "rolling: canary done 1/1, half open 3/6, everything waiting 0/5; failed 1",
            ])
        #expect(log.news(start).isEmpty)
        let next = try await picture(Samples.rollouts(decisions: decisions.joined(separator: ",")))
        #expect(log.news(next) == ["2026-11-23T02:14:20Z half opened: canary was well for 30 s"])
        let halted = try await picture(
            Samples.rollouts("halted", reason: #""too many""#, decisions: decisions[1]))
        #expect(
            log.news(halted) == [
                "halted: canary done 1/1, half open 3/6, everything waiting 0/5; failed 1 "
                    + "(too many)"
            ])
        #expect(log.news(try await picture(Samples.noRollout)).count == 1)
    }

    @Test("a watch ends with the rollout, and not with a pause")
    func ends() async throws {
        for (standing, end) in [
            ("rolling", nil), ("paused", nil), ("complete", ExitStatus.success),
            ("halted", .refused), ("aborted", .refused),
        ] {
            let picture = try await picture(Samples.rollouts(standing))
            #expect(RolloutWatch.end(picture) == end, "\(standing)")
        }
        #expect(RolloutWatch.end(try await picture(Samples.noRollout)) == .success)
    }

    @Test("a picture is drawn over the one before, and never higher than the terminal")
    func area() {
        let terminal = Terminal(width: 20, height: 4, hasColors: true)
        var area = LiveArea()
        #expect(area.frame(["a", "b"], on: terminal) == "a\u{1b}[K\nb\u{1b}[K\n\u{1b}[J")
        #expect(
            area.frame(["1", "2", "3", "4", "5"], on: terminal)
                == "\u{1b}[2F1\u{1b}[K\n2\u{1b}[K\n3\u{1b}[K\n\u{1b}[J")
        let smaller = Terminal(width: 20, height: 2, hasColors: true)
        #expect(area.frame(["x"], on: smaller) == "\u{1b}[1Fx\u{1b}[K\n\u{1b}[J")
    }

    @Test("trouble during a watch is told once, and the watch goes on")
    func trouble() async throws {
        let error = OperatorError(.environment, "nothing listens", fix: "Start it.")
        var watch = RolloutWatch(.lines)
        #expect(watch.text(for: error, on: .plain) == "no news: nothing listens; waiting\n")
        #expect(watch.text(for: error, on: .plain).isEmpty)
        let picture = try await picture(Samples.rollouts())
        #expect(watch.text(for: picture, at: Samples.now, on: .plain).hasPrefix("4f4f4f4f4f on"))
        #expect(!watch.text(for: error, on: .plain).isEmpty)
        var drawn = RolloutWatch(.drawn)
        let terminal = Terminal(width: 60, height: 20, hasColors: false)
        #expect(drawn.text(for: error, on: terminal).contains("no news: nothing listens"))
    }
}
