internal import ChannelWatch
internal import Digests
internal import Documents
internal import FleetModel
internal import FleetRegister
internal import Ingest
internal import ReleaseTrust
internal import RolloutEngine
internal import WireMessages

/// Why a device stands where it stands: from the bus to the outcome, step by step, each with what
/// to do where it is not as it should be. The first step that is not ok is mostly the reason.
struct WhyChain {
    struct Step: Equatable {
        var isOK: Bool
        var what: String
        var detail: String?
        var fix: String?

        var json: JSONValue {
            [
                "ok": .bool(isOK), "what": .string(what), "detail": .text(detail),
                "fix": .text(isOK ? nil : fix),
            ]
        }
    }

    private(set) var steps: [Step] = []
    /// One sentence.
    private(set) var verdict = ""

    private let device: FleetPicture.Device
    private let picture: FleetPicture
    private let order: Order?
    private let view: ChannelView
    private let now: Instant

    /// How long nobody wonders that a device has not told of the newest order.
    private static let timeToTell = Duration.seconds(90)

    /// `misfit` tells why the release does not fit the device.
    init(
        of device: FleetPicture.Device, in picture: FleetPicture, order: Order?,
        view: ChannelView, link: LinkStatus, disbelieved: Disbelieved.Drop?, misfit: String?,
        now: Instant
    ) {
        self.device = device
        self.picture = picture
        self.order = order
        self.view = view
        self.now = now
        addBus(link)
        addPresence()
        if let disbelieved { add(disbelieved) } else { addState() }
        addTrust()
        if let rollout = picture.rollout {
            addRelease(rollout, misfit: misfit)
            addWave(rollout)
            addOrder(rollout)
        } else {
            add(
                false, "There is a release to have.", "No release of the channel is known yet.",
                fix: "Publish one: flotilla publish.")
        }
        addHold()
        addTroubles()
        addOutcome()
        verdict = sentence()
    }

    private mutating func add(
        _ isOK: Bool, _ what: String, _ detail: String? = nil, fix: String? = nil
    ) {
        steps.append(Step(isOK: isOK, what: what, detail: detail, fix: fix))
    }

    private var row: DeviceRow { device.row }

    // MARK: Is it heard?

    private mutating func addBus(_ link: LinkStatus) {
        guard !link.isSettled else { return add(true, "The aggregator hears the bus.") }
        add(
            false, "The aggregator hears the bus.",
            link.isConnected ? "It has just connected." : link.problem ?? "It is not connected.",
            fix: "Look at the broker, and at `broker:` of aggregator.yaml: "
                + "flotilla-aggregator check.")
    }

    private mutating func addPresence() {
        let since = "since \(row.presenceSince); last heard \(ago(row.lastHeard))"
        if row.isOnline {
            add(true, "It is online.", since)
        } else {
            add(
                false, "It is online.", "It is offline \(since).",
                fix: "Look at its power and its network; on the device: flotilla-agent doctor.")
        }
    }

    /// What it tells is dropped, so all that is known of it is old.
    private mutating func add(_ drop: Disbelieved.Drop) {
        let why = drop.detail.isEmpty ? "" : ": \(drop.detail)"
        let fix =
            switch drop.reason {
            case .certificate, .revoked, .otherDevice:
                "Give it a certificate that counts: flotilla ca issue. Then, on the device: "
                    + "systemctl reload flotilla-agent, and flotilla-agent doctor."
            case .signature, .notForUs:
                "Look at `device:` and `channel:` in its agent.yaml, and at its key: "
                    + "flotilla-agent doctor."
            case .topic, .tooLarge, .malformed, .flood:
                "Somebody uses its certificate for something else, or its agent is of another "
                    + "version: flotilla-agent version."
            }
        add(
            false, "What it tells is believed.",
            "Dropped \(ago(drop.at)) (\(drop.reason.rawValue))\(why)", fix: fix)
    }

    private mutating func addState() {
        guard let state = row.state else {
            return add(
                false, "It told its state.", "Nothing that it signed was heard.",
                fix:
                    "On the device: flotilla-agent doctor. Here: is its certificate of the fleet's "
                    + "authority, and not revoked? flotilla_messages_dropped_total counts what is "
                    + "dropped.")
        }
        let heard = row.stateReceived.map { ", heard \(ago($0))" } ?? ""
        add(true, "It told its state.", "generation \(state.generation), \(state.phase)\(heard)")
    }

    // MARK: Does it trust?

    private mutating func addTrust() {
        if let refusal = view.refusal {
            add(
                false, "The channel's tip is trusted.",
                "\(refusal.release.short): \(refusal.message) (\(refusal.code.rawValue))",
                fix: refusal.fix)
        } else if let failure = view.failure {
            add(
                false, "The channel's tip is trusted.", failure.description,
                fix: "Look at the Git server, and at `repository:` of aggregator.yaml.")
        } else {
            add(true, "The channel's tip is trusted.", view.head?.release.short)
        }
        guard let state = row.state else { return }
        let what = "It knows the channel's newest release."
        let detail = state.trustHead.map { "It trusts \($0.short)." }
        if state.trustHead == view.head?.release, !state.isStale {
            add(true, what, detail)
        } else {
            add(
                false, what, state.isStale ? "It says itself that it is behind." : detail,
                fix: "On the device: flotilla-agent sync, which says why; flotilla-agent doctor.")
        }
    }

    // MARK: May it have the release?

    private mutating func addRelease(_ rollout: Rollout, misfit: String?) {
        let release = rollout.release.revision
        let what = "The release \(release.short) fits it."
        switch row.expectation(under: release) {
        case nil:
            add(
                false, what, "Nobody knows yet what it should have.",
                fix: "Wait some seconds; it has to tell its state.")
        case .needsAgent:
            add(
                false, what, misfit ?? "Its agent is too old for it.",
                fix: "Install a newer agent on the device.")
        case .rejected:
            add(
                false, what, misfit ?? "It can't be resolved for this device.",
                fix: "Mend it in the fleet repository: flotilla lint; then publish.")
        case .notApplicable:
            add(
                false, what, "It follows another channel.",
                fix: "Look at `channel:` in its agent.yaml.")
        case .digest(let digest):
            let has = row.state?.digest
            add(
                true, what,
                has == digest
                    ? "It has exactly what it should have."
                    : "It should have \(short(digest.description)), and has "
                        + "\(has.map { short($0.description) } ?? "nothing").")
        }
    }

    private mutating func addWave(_ rollout: Rollout) {
        guard rollout.needsOrders else {
            return add(
                true, "It may have the release.", "Devices apply this release by themselves.")
        }
        guard let number = device.place.wave else {
            return add(true, "It may have the release.", "The release changes nothing for it.")
        }
        let wave = rollout.allWaves[number]
        let isOpen = number < rollout.openWaves.count
        let place = "It is in the wave `\(wave.name)`"
        if !isOpen {
            let before =
                rollout.openWaves.isEmpty
                ? "no wave is open yet"
                : "the wave `\(rollout.allWaves[rollout.openWaves.count - 1].name)` comes first"
            add(
                false, "It may have the release.",
                "\(place), which is not open: \(before). \(rollout.reason)",
                fix: "Wait, or look at `flotilla rollout status`.")
        } else if !rollout.standing.starts {
            add(
                false, "It may have the release.",
                "\(place), and the rollout is \(rollout.standing.rawValue): \(rollout.reason)",
                fix: rollout.standing == .aborted
                    ? "Publish a new release."
                    : "Look at what failed; then: flotilla rollout resume, or abort.")
        } else {
            add(
                true, "It may have the release.",
                "\(place), open since \(rollout.openWaves[number].opened).")
        }
    }

    private mutating func addOrder(_ rollout: Rollout) {
        // Who has come to an outcome needs no newer order.
        guard rollout.needsOrders, let order, device.place.wave != nil,
            [.moving, .silent].contains(device.place.standing)
        else { return }
        let what = "It has heard the newest order."
        guard let heard = row.state?.order else {
            return add(
                false, what, "It has told of no order.",
                fix: "Does trust/allowed_signers name the aggregator's key for flotilla-order? On "
                    + "the device: flotilla-agent status.")
        }
        // A device tells of a newer number alone only after a minute.
        let isNew = now - order.issued < Self.timeToTell
        add(
            heard >= order.sequence || isNew, what,
            "order \(order.sequence) of \(order.issued); it told of \(heard)",
            fix: "It tells with its next state. If it does not: flotilla-agent status there.")
    }

    // MARK: What came of it?

    private mutating func addHold() {
        guard let hold = row.state?.hold else { return }
        add(
            false, "Nobody holds it.", "\(hold.reason), until \(hold.until)",
            fix: "On the device: flotilla-agent unhold.")
    }

    private mutating func addTroubles() {
        guard let state = row.state else { return }
        if let problem = state.problem {
            add(
                false, "It has no problem.",
                state.alarm.map { "\(problem) (\($0))" } ?? problem,
                fix: "On the device: flotilla-agent status, and flotilla-agent history.")
        } else {
            add(true, "It has no problem.", "phase \(state.phase)")
        }
        if state.drift.count > 0 {
            let first = state.drift.paths.prefix(3).joined(separator: ", ")
            add(
                false, "Nothing on it was changed by hand.",
                "\(state.drift.count) paths differ: \(first)",
                fix: "On the device: flotilla-agent diff.")
        }
    }

    private mutating func addOutcome() {
        guard let release = picture.rollout?.release.revision,
            let outcome = row.outcome(of: release)
        else { return }
        add(
            !outcome.kind.isFailure && outcome.kind != .needsAgent,
            "The release went well on it.",
            "\(outcome.kind.rawValue), heard \(ago(outcome.received))",
            fix: "See its events: flotilla device \(row.id). Publish a mended release.")
    }

    private func sentence() -> String {
        switch device.place.standing {
        case .unchanged: "It has what it should have; the release changes nothing for it."
        case .succeeded: "It has the release, and is well."
        case .failed: "The release failed on it."
        case .rolledBack: "The release failed on it, and it went back by itself."
        case .lostLink:
            "Nobody answered it after the release, nor before it again; it went back, and tries again."
        case .silent: "It is online, may have the release, and says nothing of it."
        case .offline: "It is offline."
        case .held: "A technician holds it."
        case .rejected: "The release can't be used on it."
        case .needsAgent: "Its agent is too old for the release."
        case .superseded: "A newer release came before it moved."
        case .notApplicable:
            picture.rollout == nil
                ? "There is no release for it yet." : "The release is not for it."
        case .waiting: "Its wave is not open."
        case .moving: "It is on its way."
        }
    }

    private func ago(_ instant: Instant) -> String {
        let seconds = max(0, (now - instant).components.seconds)
        return seconds < 120
            ? "\(seconds) seconds ago"
            : seconds < 7_200 ? "\(seconds / 60) minutes ago" : "at \(instant)"
    }

    private func short(_ digest: String) -> String { String(digest.prefix(10)) }
}
