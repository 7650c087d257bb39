import Documents
import FleetModel
import FleetTools
import JSONDocument

/// Answers as the contract of the API has them.
enum Samples {
    static let release = String(repeating: "4f", count: 20)
    static let older = String(repeating: "1a", count: 20)
    static let digest = String(repeating: "d5", count: 32)
    /// Four minutes after the rollout began.
    static let now = Instant(seconds: 1_795_400_000 + 240)

    static var all: [String: String] {
        [
            "/healthz": #"{"version":1,"status":"ok","broker":"ok","git":"ok","store":"ok"}"#,
            "/v1/rollouts": rollouts(),
            "/v1/devices?limit=1000": devices(),
            "/v1/drift": #"{"version":1,"devices":[],"total":0}"#,
            "/v1/devices/gateway-berlin-1": device,
            "/v1/devices/gateway-berlin-1/why": why,
            "/v1/events?limit=30": events,
        ]
    }

    static func error(_ code: String, _ message: String, fix: String = "Do better.") -> String {
        #"{"version":1,"error":{"code":"\#(code)","message":"\#(message)","fix":"\#(fix)"}}"#
    }

    static func row(
        _ id: String, _ state: String, _ more: String = #""drift":0,"alarm":null"#,
        presence: String = "online"
    ) -> String {
        #"""
        {"id":"\#(id)","state":"\#(state)","presence":"\#(presence)","lastHeard":1795400200000,
         "phase":"idle","generation":3,"confirmed":true,"revision":"\#(release)",
         "digest":"\#(digest)","expected":"\#(digest)","problem":null,"hold":false,
         "labels":{"role":"gateway"},"agent":"0.2.0","wave":"half","new":{"later":[1.5]},\#(more)}
        """#
    }

    static func devices(_ rows: [String]? = nil, counts: String? = nil, next: String = "null")
        -> String
    {
        let rows =
            rows ?? [
                row("gateway-berlin-1", "succeeded"), row("kiosk-1", "moving"),
                row("kiosk-2", "waiting"), row("sensor-1", "offline", presence: "offline"),
            ]
        let counted =
            counts ?? #"{"succeeded":1,"moving":1,"waiting":1,"offline":1,"failed":0}"#
        return #"""
            {"version":1,"revision":7,"total":4,"online":3,"drifting":0,"counts":\#(counted),
             "devices":[\#(rows.joined(separator: ","))],"next":\#(next)}
            """#
    }

    static func wave(_ name: String, _ state: String, _ devices: Int, _ counts: String) -> String {
        #"{"name":"\#(name)","state":"\#(state)","opened":1795400000000,"devices":\#(devices),"counts":{\#(counts)}}"#
    }

    static let someWaves = [
        wave("canary", "done", 1, #""succeeded":1"#),
        wave("half", "open", 6, #""succeeded":3,"moving":2,"failed":1"#),
        wave("everything", "waiting", 5, #""waiting":5"#),
    ]

    static func rollouts(
        _ standing: String = "rolling", waves: [String] = someWaves,
        counts: String = #""succeeded":4,"moving":2,"failed":1,"waiting":5"#,
        reason: String = "null", decisions: String = "", refusal: String = "null"
    ) -> String {
        #"""
        {"version":1,"fleet":"harbour","channel":"main","tip":"\#(release)",
         "trust":{"release":"\#(release)","refusal":\#(refusal)},
         "current":{"release":"\#(release)","tree":"\#(older)","standing":"\#(standing)",
          "since":1795400000000,"reason":\#(reason),"waves":[\#(waves.joined(separator: ","))],
          "counts":{\#(counts)},"affected":12,
          "order":{"sequence":4,"issued":1795400000000,"startBefore":1795400900000},
          "queued":null,"decisions":[\#(decisions)]},"past":[]}
        """#
    }

    static let noRollout = #"""
        {"version":1,"fleet":"harbour","channel":"main","tip":"\#(release)",
         "trust":{"release":"\#(release)","refusal":null},"current":null,"past":[]}
        """#

    static let device = #"""
        {"id":"gateway-berlin-1","version":1,"state":"failed","presence":"online",
         "lastHeard":1795400200000,"phase":"idle","generation":4,"confirmed":true,
         "revision":"\#(older)","digest":"\#(older)","expected":"\#(digest)",
         "problem":"check `portal` failed: \u001b[31mred\u001b[0m","alarm":null,"drift":2,
         "hold":false,"labels":{"role":{"value":"gateway","source":"device-file"}},
         "agent":"0.2.0","wave":"half","facts":{"arch":"aarch64","os.id":"debian"},
         "driftPaths":["/etc/motd","/etc/hosts"],"driftSince":1795400100000,"holdReason":null,
         "trustHead":"\#(release)","order":4,
         "events":[{"number":12,"device":"gateway-berlin-1","epoch":1,"sequence":4,"kind":"failed",
          "generation":4,"revision":"\#(release)","digest":"\#(digest)","detail":"the gate said no",
          "at":1795400150000,"received":1795400151000,"isOutcome":true}],
         "why":[{"ok":true,"what":"the device is online","detail":"","fix":null},
          {"ok":false,"what":"the release was confirmed","detail":"its gate said no",
           "fix":"Publish a release that puts it right."}]}
        """#

    static let why = #"""
        {"version":1,"device":"gateway-berlin-1","verdict":"it went back from \#(release)",
         "steps":[{"ok":true,"what":"the device is online","detail":"heard 40 s ago","fix":null},
          {"ok":true,"what":"its wave is open","detail":"half","fix":null},
          {"ok":false,"what":"the release was confirmed","detail":"check `portal` failed",
           "fix":"Publish a release that puts it right."}]}
        """#

    static let events = #"""
        {"version":1,"events":[
         {"number":11,"device":"kiosk-1","epoch":1,"sequence":9,"kind":"confirmed","generation":2,
          "revision":"\#(release)","digest":"\#(digest)","detail":"","at":1795400100000,
          "received":1795400101000,"isOutcome":true},
         {"number":12,"device":"gateway-berlin-1","epoch":1,"sequence":4,"kind":"failed",
          "generation":4,"revision":"\#(release)","digest":"\#(digest)",
          "detail":"check `portal` failed","at":1795400150000,"received":1795400151000,
          "isOutcome":true}],"next":12}
        """#
}

extension Report {
    /// What people see, on a terminal of this width without colours.
    func text(width: Int? = 80, hasUnicode: Bool = true) -> String {
        lines(on: Terminal(width: width, hasColors: false, hasUnicode: hasUnicode))
            .joined(separator: "\n")
    }
}
