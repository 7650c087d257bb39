internal import Documents
internal import FleetAnswers
package import FleetModel
internal import Mustache

/// The page at `/`: the whole fleet at a glance. It needs no script; with one, it is replaced piece
/// by piece by newer ones of itself, so there is one way only in which anything is shown.
package struct OverviewPage: Sendable {
    package static let eventCount = 20

    private let channel: ChannelName
    private let picture: FleetPicture
    private let selection: PageSelection
    private let problem: String?
    private let now: Instant

    package init(
        channel: ChannelName, picture: FleetPicture, selection: PageSelection,
        problem: String? = nil, now: Instant
    ) {
        self.channel = channel
        self.picture = picture
        self.selection = selection
        self.problem = problem
        self.now = now
    }

    package var html: String { Templates.overview.render(view) }
}

extension OverviewPage {
    struct Choice {
        let value: String
        let words: String
        let isChosen: Bool
    }

    struct Part {
        let name: String
        let state: String
        let style: String
    }

    struct DriftLine {
        let id: String
        let link: String
        let what: String
        let paths: [String]
        let since: Moment?
    }

    struct Refusal {
        let tip: String
        let code: String
        let reason: String
    }

    struct View {
        let title: String
        let fleet: String
        let channel: String
        let script = Asset.script.path
        let stylesheet = Asset.stylesheet.path
        let icon = Asset.icon.path
        let problem: String?
        let refusal: Refusal?
        let isUnwell: Bool
        let parts: [Part]
        let now: Moment
        let summary: String

        let devices: Int
        let online: Int
        let bad: Int
        let hasBad: Bool
        let drifting: Int
        let hasDrift: Bool
        let driftLink: String
        let bar: Bar

        let trusted: String?
        let fullTrusted: String?
        let rollout: RolloutCard?
        let decisions: [RolloutCard.Decision]
        let hasDecisions: Bool
        let past: [RolloutCard.Past]
        let hasPast: Bool

        let pane: DevicePane?
        let missingDevice: String?
        let rows: [DeviceRow]
        let shown: Int
        let total: Int
        let isNarrowed: Bool
        let allLink: String
        let nextLink: String?
        let firstLink: String?
        let text: String
        let selector: String
        let isOnlyDrifting: Bool
        let states: [Choice]
        let chosenDevice: String?

        let drift: [DriftLine]
        let moreDrift: Int?
        let events: [EventLine]
    }

    private var view: View {
        let fleet = picture.fleet ?? picture.devices
        let counts = fleet.counts("counts")
        let total = counts.values.reduce(0, +)
        let bad = counts.filter { StandingWords($0.key).isBad }.values.reduce(0, +)
        let drifting = fleet.integer("drifting") ?? 0
        let rollout = RolloutCard(picture.rollouts, now: now)
        let rows = picture.devices.items("devices").compactMap {
            DeviceRow($0, selection: selection, now: now)
        }
        let pane = DevicePane(picture, selection: selection, now: now)
        let trusted = picture.rollouts["trust"]?.text("release")
        let decisions = RolloutCard.decisions(picture.rollouts, now: now)
        let past = RolloutCard.past(picture.rollouts, now: now)
        let driftTotal = picture.drift.integer("total") ?? 0
        let summary = Self.summary(devices: total, bad: bad, rollout: rollout)
        return View(
            title: "\(channel): \(summary)", fleet: channel.fleet, channel: channel.channel,
            problem: problem, refusal: refusal, isUnwell: picture.health.text("status") != "ok",
            parts: parts, now: Moment(now), summary: summary, devices: total,
            online: fleet.integer("online") ?? 0, bad: bad, hasBad: bad > 0, drifting: drifting,
            hasDrift: drifting > 0,
            driftLink: selection.link { $0.devices = DeviceQuery(onlyDrifting: true) },
            bar: bar(counts), trusted: trusted.map(short), fullTrusted: trusted, rollout: rollout,
            decisions: decisions, hasDecisions: !decisions.isEmpty, past: past,
            hasPast: !past.isEmpty, pane: pane,
            missingDevice: pane == nil ? selection.device?.text : nil, rows: rows,
            shown: rows.count,
            total: picture.devices.integer("total") ?? rows.count,
            isNarrowed: selection.isNarrowed,
            allLink: selection.link { $0.devices = DeviceQuery() }, nextLink: nextLink,
            firstLink: selection.devices.after == nil ? nil : selection.link { _ in },
            text: selection.devices.text ?? "",
            selector: selection.devices.selector?.description ?? "",
            isOnlyDrifting: selection.devices.onlyDrifting, states: states,
            chosenDevice: selection.device?.text, drift: Array(driftLines.prefix(8)),
            moreDrift: driftTotal > 8 ? driftTotal - 8 : nil,
            events: picture.events.items("events").reversed().map {
                EventLine($0, selection: selection, now: now)
            })
    }

    /// In one sentence, for the window's title and for who can't see the page.
    private static func summary(devices: Int, bad: Int, rollout: RolloutCard?) -> String {
        let worry = bad == 0 ? "" : ", \(bad) not well"
        guard let rollout else { return "\(devices) devices, no rollout\(worry)" }
        return "\(rollout.release) \(rollout.standing), "
            + "\(rollout.arrived) of \(rollout.affected) have it\(worry)"
    }

    private var refusal: Refusal? {
        guard let refusal = picture.rollouts["trust"]?["refusal"] else { return nil }
        return Refusal(
            tip: picture.rollouts.text("tip").map(short) ?? "", code: refusal.text("code") ?? "",
            reason: refusal.text("reason") ?? "")
    }

    private var parts: [Part] {
        [("Broker", "broker"), ("Git", "git"), ("Store", "store")].map { name, key in
            let state = picture.health.text(key) ?? "unknown"
            return Part(
                name: name, state: state, style: state == "ok" ? "s-succeeded" : "s-failed")
        }
    }

    private func bar(_ counts: [String: Int]) -> Bar {
        var bar = Bar(counts)
        for index in bar.parts.indices {
            let name = bar.parts[index].name
            let isChosen = selection.devices.standing == name
            bar.parts[index].isChosen = isChosen
            bar.parts[index].link = selection.link { $0.devices.standing = isChosen ? nil : name }
        }
        return bar
    }

    private var states: [Choice] {
        DeviceQuery.standings.map {
            Choice(
                value: $0, words: StandingWords.words($0),
                isChosen: $0 == selection.devices.standing)
        }
    }

    private var nextLink: String? {
        guard let next = picture.devices.text("next").flatMap({ DeviceID($0) }) else { return nil }
        return selection.link { $0.devices.after = next }
    }

    private var driftLines: [DriftLine] {
        picture.drift.items("devices").compactMap { json in
            guard let id = json.text("id") else { return nil }
            let count = json.integer("count") ?? 0
            let what =
                json.text("kind") == "digest"
                ? "another content than expected" : "\(count) \(count == 1 ? "path" : "paths")"
            return DriftLine(
                id: id, link: selection.linkKeepingPage { $0.device = DeviceID(id) }, what: what,
                paths: Array(json.texts("paths").prefix(3)), since: Moment(json["since"], now: now))
        }
    }
}
