internal import Documents
internal import FleetModel

/// One device closely: why it stands where it stands, and what there is to know.
struct DevicePane {
    struct Step {
        let isGood: Bool
        let what: String
        let detail: String?
        let fix: String?
    }

    struct Fact {
        let name: String
        let value: String
        /// Its beginning, where the whole of it is nothing that one reads.
        var code: String?
    }

    let id: String
    let state: String
    let style: String
    let presence: String
    let verdict: String?
    let steps: [Step]
    let facts: [Fact]
    let labels: [Fact]
    let driftPaths: [String]
    let driftSince: Moment?
    let events: [EventLine]
    let closeLink: String

    init?(_ picture: FleetPicture, selection: PageSelection, now: Instant) {
        guard let json = picture.device, let id = json.text("id") else { return nil }
        let standing = StandingWords(json.text("state") ?? "unknown")
        self.id = id
        state = standing.words
        style = standing.style
        presence = json.text("presence") ?? "never heard"
        let why = picture.why
        verdict = why?.text("verdict")
        steps = (why?.items("steps") ?? json.items("why")).map { step in
            Step(
                isGood: step.isTrue("ok"), what: step.text("what") ?? "",
                detail: step.text("detail"), fix: step.isTrue("ok") ? nil : step.text("fix"))
        }
        facts = Self.facts(json, now: now)
        labels = json.members("labels").compactMap { key, value in
            guard let text = value.text("value"), !Labels.builtInKeys.contains(key) else {
                return nil
            }
            let source = value.text("source").map { " (\($0))" } ?? ""
            return Fact(name: key, value: text + source)
        }
        driftPaths = json.texts("driftPaths")
        driftSince = Moment(json["driftSince"], now: now)
        events = json.items("events").reversed().prefix(8).map {
            EventLine($0, selection: selection, now: now)
        }
        closeLink = selection.linkKeepingPage { $0.device = nil }
    }

    private static func facts(_ json: JSONValue, now: Instant) -> [Fact] {
        var facts: [Fact] = []
        func add(_ name: String, _ value: String?, isCode: Bool = false) {
            if let value {
                facts.append(
                    Fact(name: name, value: value, code: isCode ? String(value.prefix(16)) : nil))
            }
        }
        add("Last heard", Moment(json["lastHeard"], now: now).map { "\($0.text)" })
        add("Phase", json.text("phase").map(StandingWords.words))
        add(
            "Generation",
            json.integer("generation").map {
                "\($0), \(json.isTrue("confirmed") ? "confirmed" : "not confirmed")"
            })
        add("Wave", json.text("wave"))
        add("Release", json.text("revision"), isCode: true)
        add("Trust head", json.text("trustHead"), isCode: true)
        add("Digest", json.text("digest"), isCode: true)
        if json.text("expected") != json.text("digest") {
            add("Expected", json.text("expected"), isCode: true)
        }
        add("Problem", json.text("problem"))
        add("Alarm", json.text("alarm").map(StandingWords.words))
        add("Held", json.text("holdReason"))
        add("Agent", json.text("agent"))
        for (name, value) in json.members("facts") {
            if case .string(let text) = value { add(name, text) }
        }
        return facts
    }
}

/// Something that happened on a device.
struct EventLine {
    let number: Int
    let device: String
    let link: String
    let kind: String
    let style: String
    let detail: String?
    let release: String?
    let at: Moment?

    init(_ json: JSONValue, selection: PageSelection, now: Instant) {
        number = json.integer("number") ?? 0
        let device = json.text("device") ?? ""
        self.device = device
        link = selection.linkKeepingPage { $0.device = DeviceID(device) }
        let name = json.text("kind") ?? "unknown"
        kind = StandingWords.words(name)
        style = Self.style(name)
        detail = json.text("detail")
        release = json.text("revision").map(short)
        at = Moment(json["at"] ?? json["received"], now: now)
    }

    private static func style(_ kind: String) -> String {
        switch kind {
        case "confirmed", "healed": "s-succeeded"
        case "failed", "rolledBack", "rejected", "refused", "knownBad": "s-failed"
        case "lostLink": "s-lostLink"
        case "drift", "contested", "held", "postponed": "s-held"
        default: "s-waiting"
        }
    }
}
