import Documents
import FleetClient
import FleetModel
import FleetTools
import Foundation
import Testing

@Suite struct DeviceReportTests {
    private let gateway = DeviceID("gateway-berlin-1")

    @Test("all pages of the devices that fit are listed")
    func pages() async throws {
        let query = "selector=role%3Dgateway%2C%20site%20in%20%28berlin%29&drift=true&limit=1000"
        let aggregator = try Aggregator([
            "/v1/devices?\(query)": Samples.devices(
                [Samples.row("a", "succeeded"), Samples.row("b", "failed")], next: #""b""#),
            "/v1/devices?\(query)&after=b": Samples.devices(
                [Samples.row("c", "moving", #""drift":2"#, presence: "offline")]),
        ])
        var search = DeviceSearch()
        search.selector = "role=gateway, site in (berlin)"
        search.hasDrift = true
        let report = try await aggregator.connected { (server) async throws(OperatorError) in
            DevicesReport(try await server.devices(search), now: Samples.now)
        }
        #expect(
            report.text(width: 100) == """
                device  state      link     wave  generation  release     drift  heard  problem
                a       succeeded  online   half  3           4f4f4f4f4f         40 s
                b       failed     online   half  3           4f4f4f4f4f         40 s
                c       moving     offline  half  3           4f4f4f4f4f  2      40 s

                3 devices
                """)
        // What this version does not know goes through to programs.
        #expect(report.json.canonical.contains(#""new":{"later":["1.5"]}"#))
    }

    @Test("a server that gives the same page for ever is not followed for ever")
    func endless() async throws {
        let page = Samples.devices([Samples.row("a", "failed")], next: #""a""#)
        let aggregator = try Aggregator([
            "/v1/devices?limit=1000": page, "/v1/devices?limit=1000&after=a": page,
        ])
        let error = try await aggregator.failure { (server) async throws(OperatorError) in
            _ = try await server.devices(DeviceSearch())
        }
        #expect(error.message.contains("again and again"))
    }

    @Test("a device is told with everything that is known, and nothing of it moves the cursor")
    func device() async throws {
        let id = try #require(gateway)
        let report = try await Aggregator().connected { (server) async throws(OperatorError) in
            try await DeviceAnswer(server, id, now: Samples.now)
        }
        let text = report.text(width: 100)
        for line in [
            "gateway-berlin-1: failed, online", "generation  4, confirmed",
            "labels      role=gateway", "facts       arch aarch64, os.id debian",
            "    /etc/hosts", " ✗  the release was confirmed: its gate said no",
            "    fix: Publish a release that puts it right.",
            "2026-11-23T02:15:50Z  failed  4f4f4f4f4f  4  the gate said no",
        ] {
            #expect(text.contains(line), "\(line)\n\(text)")
        }
        #expect(!text.unicodeScalars.contains("\u{1b}"))
        #expect(report.json.canonical.contains(#""driftPaths":["/etc/motd","/etc/hosts"]"#))
    }

    @Test("why tells each step with a sign, and what to do")
    func why() async throws {
        let id = try #require(gateway)
        let report = try await Aggregator().connected { (server) async throws(OperatorError) in
            try await Why(server, id)
        }
        #expect(report.status == .refused)
        #expect(
            report.text(width: 60) == """
                gateway-berlin-1: it went back from
                \(Samples.release)

                 ✓  the device is online: heard 40 s ago
                 ✓  its wave is open: half
                 ✗  the release was confirmed: check `portal` failed
                    fix: Publish a release that puts it right.
                """)
        #expect(
            report.text(width: nil, hasUnicode: false).contains(
                """
                 ok  its wave is open: half
                 NO  the release was confirmed: check `portal` failed
                     fix: Publish a release that puts it right.
                """))
    }

    @Test("drift is a table, and ends with 1 where there is some")
    func drift() async throws {
        let some = #"""
            {"version":1,"total":2,"devices":[
             {"id":"kiosk-1","kind":"files","count":2,"paths":["/etc/motd","/etc/hosts"],
              "since":1795400060000,"expected":null,"digest":null},
             {"id":"kiosk-2","kind":"digest","count":0,"paths":[],"since":1795400000000}]}
            """#
        let report = try await Aggregator(["/v1/drift": some]).connected {
            (server) async throws(OperatorError) in
            try await DriftAnswer(server, now: Samples.now)
        }
        #expect(report.status == .refused)
        #expect(
            report.text() == """
                device   what             since  paths
                kiosk-1  2 paths          3 min  /etc/motd /etc/hosts
                kiosk-2  another content  4 min

                2 devices with drift
                """)
        let none = try await Aggregator().connected { (server) async throws(OperatorError) in
            try await DriftAnswer(server, now: Samples.now)
        }
        #expect(none.status == .success && none.text().hasPrefix("no drift"))
    }

    @Test("the newest events come first, then what happens after them")
    func events() async throws {
        let later =
            #"{"version":1,"events":[{"number":13,"device":"kiosk-2","kind":"healed"}],"next":13}"#
        let nothing = #"{"version":1,"events":[],"next":13}"#
        let aggregator = try Aggregator([
            "/v1/events?limit=1000&after=12": later, "/v1/events?limit=1000&after=13": nothing,
        ])
        try await aggregator.connected { (server) async throws(OperatorError) in
            var log = EventLog(server, device: nil)
            let newest = try await log.newest(30)
            #expect(newest.map(\.number) == [11, 12])
            #expect(
                EventsReport(newest).text(width: 100) == """
                    when                  device            what       release     generation  detail
                    2026-11-23T02:15:00Z  kiosk-1           confirmed  4f4f4f4f4f  2
                    2026-11-23T02:15:50Z  gateway-berlin-1  failed     4f4f4f4f4f  4           check `portal` failed
                    """)
            #expect(try await log.news().map(\.device) == ["kiosk-2"])
            #expect(try await log.news().isEmpty)
            #expect(
                newest[1].line(on: Terminal(width: 70, hasColors: false))
                    == "2026-11-23T02:15:50Z  gateway-berlin-1  failed      4f4f4f4f4f  check…")
        }
    }
}
