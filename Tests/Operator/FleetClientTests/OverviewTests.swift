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
            "/healthz":
                #"{"version":1,"status":"degraded","broker":"down","git":"ok","store":"ok"}"#,
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

    @Test("a device that is connected and was never believed is named, with what to ask")
    func unheard() async throws {
        func report(_ ids: [String], presence: String = "online") async throws -> FleetOverview {
            let silent = ids.map { id in
                Samples.row(id, "waiting", presence: presence)
                    .replacing(#""generation":3"#, with: #""generation":null"#)
            }
            return try await overview([
                "/v1/devices?limit=1000": Samples.devices(
                    silent + [Samples.row("gateway-1", "succeeded")])
            ])
        }
        let one = try await report(["kiosk-1"])
        #expect(one.status == .refused)
        let line = "kiosk-1: online, and nothing that it signed was heard: flotilla why kiosk-1"
        #expect(one.text(width: 120).contains("not well:\n    \(line)\n"), "\(one.text())")
        #expect(one.json.canonical.contains(#""unheard":["kiosk-1"]"#))
        #expect(try await report(["kiosk-1"], presence: "offline").status == .success)
        let many = try await report((1...9).map { "kiosk-\($0)" }).text(width: 120)
        #expect(many.contains("4 more devices online, of which nothing that they signed was heard"))
        #expect(!many.contains("why kiosk-6"))
    }

    @Test("where not all devices were looked at for alarms, that is said")
    func manyPages() async throws {
        var pages: [String: String] = [:]
        for page in 0..<25 {
            let query = page == 0 ? "" : "&after=d\(page)"
            pages["/v1/devices?limit=1000\(query)"] = Samples.devices(
                [Samples.row("d\(page + 1)", "succeeded")], next: #""d\#(page + 1)""#)
        }
        let report = try await overview(pages)
        #expect(report.status == .refused)
        #expect(report.text().contains("only the first 20 devices were looked at for alarms"))
        #expect(report.json.canonical.contains(#""examined":20"#))
        #expect(try await overview().json.canonical.contains(#""examined":4"#))
    }

    @Test("an aggregator is well where it says exactly `ok`, and another answer is none of its own")
    func health() async throws {
        func report(_ health: String) async throws -> FleetOverview {
            try await overview(["/healthz": health])
        }
        let odd = try await report(
            #"{"version":1,"status":"impaired","broker":"up again soon","git":"ok","store":"ok"}"#)
        #expect(odd.text().contains("the aggregator is not well: broker: up again soon"))
        await #expect(throws: OperatorError.self) {
            try await report(#"{"version":1,"status":"ok","broker":"ok"}"#)
        }
    }

    @Test("without Unicode the bars are plain signs, and lines fit a narrow terminal")
    func plain() async throws {
        let report = try await overview()
        let text = report.text(width: 50, hasUnicode: false)
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 50 }, "\(text)")
    }
}
