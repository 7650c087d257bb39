internal import Documents
internal import FleetModel

/// The channel and the release that is on its way.
struct RolloutCard {
    struct Wave {
        let number: Int
        let name: String
        let state: String
        let style: String
        let opened: Moment?
        let devices: Int
        let arrived: Int
        let bar: Bar
    }

    struct Decision {
        let at: Moment?
        let text: String
    }

    struct Past {
        let release: String
        let standing: String
        let style: String
        let since: Moment?
        let reason: String?
    }

    let release: String
    let fullRelease: String
    let standing: String
    let style: String
    let since: Moment?
    let reason: String?
    let affected: Int
    let arrived: Int
    let waves: [Wave]
    let counts: Bar
    let queued: String?

    init?(_ rollouts: JSONValue, now: Instant) {
        guard let json = rollouts["current"], let release = json.text("release") else {
            return nil
        }
        let standing = json.text("standing") ?? "unknown"
        let counts = json.counts("counts")
        fullRelease = release
        self.release = short(release)
        self.standing = standing
        style = StandingWords.style(ofRollout: standing)
        since = Moment(json["since"], now: now)
        reason = json.text("reason")
        affected = json.integer("affected") ?? 0
        arrived = counts["succeeded"] ?? 0
        self.counts = Bar(counts)
        queued = json.text("queued").map(short)
        waves = json.items("waves").enumerated().map { index, wave in
            let state = wave.text("state") ?? "waiting"
            let counts = wave.counts("counts")
            let devices = wave.integer("devices") ?? counts.values.reduce(0, +)
            return Wave(
                number: index + 1, name: wave.text("name") ?? "wave \(index + 1)", state: state,
                style: Self.style(ofWave: state), opened: Moment(wave["opened"], now: now),
                devices: devices, arrived: counts["succeeded"] ?? 0,
                // What waits is the bar's empty part.
                bar: Bar(counts.filter { $0.key != "waiting" }, whole: devices))
        }
    }

    private static func style(ofWave state: String) -> String {
        switch state {
        case "done": "s-succeeded"
        case "open": "s-moving"
        case "soaking": "s-held"
        default: "s-waiting"
        }
    }

    /// The newest first.
    static func decisions(_ rollouts: JSONValue, now: Instant) -> [Decision] {
        (rollouts["current"]?.items("decisions") ?? []).suffix(8).reversed().map {
            Decision(at: Moment($0["at"], now: now), text: $0.text("text") ?? "")
        }
    }

    static func past(_ rollouts: JSONValue, now: Instant) -> [Past] {
        rollouts.items("past").suffix(5).reversed().compactMap { json in
            guard let release = json.text("release") else { return nil }
            let standing = json.text("standing") ?? "unknown"
            return Past(
                release: short(release), standing: standing,
                style: StandingWords.style(ofRollout: standing),
                since: Moment(json["since"], now: now), reason: json.text("reason"))
        }
    }
}
