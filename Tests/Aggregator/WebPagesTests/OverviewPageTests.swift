import Documents
import FleetAnswers
import FleetModel
import Foundation
import Testing

@testable import WebPages

@Suite struct OverviewPageTests {
    private static let hostile = "<script>alert(1)</script>\" onmouseover=\"x' & \u{301}"

    private func page(
        devices: JSONValue = [:], rollouts: JSONValue = [:], drift: JSONValue = [:],
        events: JSONValue = [:], health: JSONValue = [:], device: JSONValue? = nil,
        why: JSONValue? = nil, selection: PageSelection = PageSelection(), problem: String? = nil
    ) throws -> String {
        var picture = FleetPicture(
            devices: devices, rollouts: rollouts, drift: drift, events: events, health: health)
        picture.device = device
        picture.why = why
        return OverviewPage(
            channel: try #require(ChannelName("harbour/main")), picture: picture,
            selection: selection, problem: problem, now: Instant(seconds: 1_774_268_800)
        ).html
    }

    @Test("an aggregator that knows nothing yet has a whole page")
    func empty() throws {
        let html = try page()
        #expect(html.hasSuffix("</html>\n") || html.hasSuffix("</html>"))
        for text in [
            "No device was heard yet.", "Nothing is under way.", "No device fits.",
            "Nothing was decided yet.", "Every device is as its generation says.",
            "Nothing happened yet.",
        ] {
            #expect(html.contains(text), "\(text)")
        }
        #expect(!html.contains("{{"))
        #expect(!html.contains("Optional("))
        #expect(!html.contains("nil"))
    }

    @Test("whatever a device says is text, wherever it stands")
    func hostileTexts() throws {
        let text = JSONValue.string(Self.hostile)
        let hostile: JSONValue = [
            "id": text, "state": text, "presence": text, "phase": text, "revision": text,
            "digest": text, "expected": "x", "problem": text, "alarm": text,
            "labels": [Self.hostile: text], "agent": text, "wave": text, "holdReason": text,
            "trustHead": text, "facts": [Self.hostile: text], "driftPaths": [text],
            "events": [["device": text, "kind": text, "detail": text, "revision": text]],
        ]
        let detailed: JSONValue = [
            "id": text, "state": text, "presence": text,
            "labels": [
                Self.hostile: ["value": text, "source": text]
            ], "facts": [Self.hostile: text], "driftPaths": [text], "problem": text,
            "holdReason": text, "events": [["device": text, "kind": text, "detail": text]],
        ]
        let html = try page(
            devices: ["devices": [hostile], "counts": [Self.hostile: 1], "total": 1],
            rollouts: [
                "tip": text,
                "trust": ["release": text, "refusal": ["code": text, "reason": text]],
                "current": [
                    "release": text, "standing": text, "reason": text, "queued": text,
                    "counts": [Self.hostile: 1],
                    "waves": [["name": text, "state": text, "counts": [Self.hostile: 1]]],
                    "decisions": [["at": 1, "text": text]],
                ],
                "past": [["release": text, "standing": text, "reason": text]],
            ],
            drift: ["devices": [["id": text, "kind": text, "count": 1, "paths": [text]]]],
            events: ["events": [["device": text, "kind": text, "detail": text]]],
            health: ["status": text, "broker": text, "git": text, "store": text],
            device: detailed,
            why: [
                "verdict": text,
                "steps": [["ok": false, "what": text, "detail": text, "fix": text]],
            ],
            selection: PageSelection(devices: DeviceQuery(text: Self.hostile)),
            problem: Self.hostile)
        #expect(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onmouseover=&quot;x&#39;"))
        #expect(!html.contains("<script>"))
        #expect(!html.contains("onmouseover=\""))
        #expect(!html.contains("onmouseover='"))
        // The only script is ours.
        #expect(html.components(separatedBy: "<script").count == 2)
    }

    @Test("a sign with an accent above it is escaped like the sign alone")
    func accents() throws {
        // Mustache's own way compares what people see as one character.
        for sign in ["\"", "<", ">", "&", "'"] {
            let html = try page(problem: "a\(sign)\u{301}b")
            #expect(!Array(html.utf8).contains(Array("a\(sign)\u{301}b".utf8)), "\(sign)")
        }
        #expect(EscapedHTML().escapeText("\"\u{301}") == "&quot;\u{301}")
    }

    @Test("a device is a line with its state, release, drift, age and problem")
    func devices() throws {
        let html = try page(
            devices: [
                "devices": [
                    [
                        "id": "berth-07", "state": "rolledBack", "presence": "online",
                        "lastHeard": 1_774_268_740_000, "generation": 12, "confirmed": false,
                        "revision": "3f2a91c07be44d1c9a5a0f6f1f0a7b9d2c3e4f50", "digest": "b",
                        "expected": "a", "problem": "no answer", "drift": 3,
                        "labels": ["ring": "canary", "arch": "x86_64"], "wave": "half",
                    ]
                ], "total": 8, "online": 7, "drifting": 1,
                "counts": ["rolledBack": 1, "succeeded": 7], "next": "berth-07",
            ])
        for text in [
            "href=\"/?device=berth-07\"", "rolled back", "<code>3f2a91c0</code>",
            "12<span class=\"dim\" title=\"not confirmed\">?</span>", ">3</span>", "1 min",
            "no answer",
            "<span>ring=canary</span>", "1 of 8", "href=\"/?after=berth-07\"",
            "Devices by state: 7 succeeded, 1 rolled back", "href=\"/?state=rolledBack\"",
            "class=\"worry\"",
        ] {
            #expect(html.contains(text), "\(text)")
        }
        // Every device has that one; it says nothing.
        #expect(!html.contains("arch=x86_64"))
    }

    @Test("a device that should have what the release wants, and has something else, is marked")
    func differs() throws {
        let html = try page(
            devices: [
                "devices": [
                    [
                        "id": "berth-08", "state": "succeeded", "presence": "online",
                        "revision": "3f2a91c07be44d1c9a5a0f6f1f0a7b9d2c3e4f50", "digest": "b",
                        "expected": "a",
                    ]
                ], "total": 1,
            ])
        #expect(html.contains("<code class=\"differs\">3f2a91c0</code>"))
    }

    @Test("a bar's parts fill it, whatever their number")
    func bars() {
        for counts in [
            [:], ["failed": 1], ["failed": 1, "held": 1, "moving": 1], ["x": 7, "y": 12],
        ] {
            let parts = Bar(counts).parts
            #expect(parts.map(\.width).reduce(0, +) == (counts.isEmpty ? 0 : 1_000))
            var end = 0
            for part in parts {
                #expect(part.start == end)
                end += part.width
            }
        }
        #expect(Bar(["succeeded": 1], whole: 4).parts.map(\.width) == [250])
        // Those who count themselves twice do not leave the bar.
        #expect(Bar(["succeeded": 9], whole: 4).parts.map(\.width) == [1_000])
    }

    @Test("an age has one number and its unit")
    func ages() {
        let ages = [0, 4, 5, 59, 60, 3_599, 3_600, 86_399, 86_400, 864_000].map(Moment.age)
        #expect(
            ages == [
                "now", "now", "5 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d", "10 d",
            ])
        #expect(Moment.age(-5) == "now")
        for wrong in [JSONValue.integer(-1), .integer(.max), .string("1"), .null] {
            #expect(Moment(wrong, now: Instant(seconds: 1)) == nil)
        }
    }

    @Test("the address keeps what is chosen, in a form that comes back")
    func links() throws {
        var selection = PageSelection(
            devices: DeviceQuery(
                standing: "failed", selector: try Selector("a in (b, c)"), onlyDrifting: true,
                text: "é&+ x", after: DeviceID("a1")), device: DeviceID("d1"))
        #expect(
            selection.link
                == "/?state=failed&selector=a%20in%20%28b%2C%20c%29&drift=true&text=%C3%A9%26%2B%20x"
                + "&after=a1&device=d1")
        // Another choice begins with the first page.
        #expect(!selection.link { $0.devices.standing = nil }.contains("after"))
        selection = PageSelection()
        #expect(selection.link == "/")
    }

    @Test("the login form says what was wrong, and nothing that it was given")
    func login() throws {
        let channel = try #require(ChannelName("harbour/main"))
        #expect(!LoginPage(channel: channel).html.contains("alert"))
        let html = LoginPage(channel: channel, problem: "<b>no</b>").html
        #expect(html.contains("&lt;b&gt;no&lt;/b&gt;"))
        #expect(html.contains("role=\"alert\""))
    }

    @Test("nothing of the page comes from elsewhere, and nothing is written in line")
    func policy() throws {
        let html = try page()
        for text in [html, Asset.script.text, Asset.stylesheet.text] {
            #expect(!text.contains("http://"))
            #expect(!text.contains("https://"))
        }
        #expect(!html.contains(" style=\""))
        #expect(!html.contains("<style"))
        #expect(!html.contains(" onclick"))
        #expect(html.contains(Asset.script.path))
        for asset in Asset.all { #expect(asset.fileName.split(separator: "-").count == 2) }
    }
}

extension Array<UInt8> {
    /// By bytes: `contains` of texts has its own idea of an accent.
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: other) }
    }
}
