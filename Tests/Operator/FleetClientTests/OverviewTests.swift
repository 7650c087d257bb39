import Documents
import FleetClient
import FleetTools
import Foundation
import Testing

@Suite struct OverviewTests {
    private func overview(_ changed: [String: String] = [:]) async throws -> FleetOverview {
        try await Aggregator(changed).connected { (server) async throws(OperatorError) in
            try await FleetOverview(server, now: Samples.now)
        }
    }

    @Test("a fleet where all is well ends with 0, and shows the rollout, bars and the aggregator")
    func well() async throws {
        let report = try await overview()
        #expect(report.status == .success)
        #expect(
            report.text() == """
                harbour/main: 4 devices, 3 online

                  succeeded  ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  1 (25 %)
                  moving     ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  1 (25 %)
                  waiting    ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  1 (25 %)
                  offline    ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  1 (25 %)

                release     4f4f4f4f4f
                rollout     4f4f4f4f4f rolling, wave 2 of 3 (half), 4 of 12 arrived, for 4 min
                drift       none
                aggregator  broker ok, git ok, store ok

                all is well
                """)
    }

    @Test("whatever somebody should look at is named, and ends with 1")
    func notWell() async throws {
        let refusal = #"{"code":"unsigned","reason":"nobody signed it"}"#
        let report = try await overview([
            "/v1/rollouts": Samples.rollouts("halted", reason: #""one failed""#, refusal: refusal),
            "/v1/drift": #"{"version":1,"devices":[{"id":"kiosk-1","kind":"files"}],"total":1}"#,
            "/healthz": #"{"version":1,"status":"degraded","broker":"down","git":"ok"}"#,
            "/v1/devices?limit=1000": Samples.devices(
                [Samples.row("kiosk-1", "failed", #""drift":1,"alarm":"refused","stale":true"#)],
                counts: #"{"failed":1}"#),
        ])
        #expect(report.status == .refused)
        let text = report.text(width: 120)
        for worry in [
            "the aggregator is not well: broker: down",
            "the channel's tip is refused (unsigned): nobody signed it",
            "the rollout of 4f4f4f4f4f is halted: one failed", "1 device failed",
            "1 device with drift", "1 device with the alarm `refused`",
            "1 device with the alarm `stale`",
        ] {
            #expect(text.contains("\n    \(worry)\n"), "\(worry)")
        }
        #expect(!text.contains("all is well"))
        let json = report.json.canonical
        #expect(json.contains(#""ok":false"#) && json.contains(#""alarms":{"refused":["kiosk-1"]"#))
        #expect(json.contains(#""standings":{"failed":1}"#))
    }

    @Test("without Unicode the bars are plain signs, and lines fit a narrow terminal")
    func plain() async throws {
        let report = try await overview()
        let text = report.text(width: 50, hasUnicode: false)
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 50 }, "\(text)")
    }
}
