package import Documents
package import FleetModel
package import FleetTools

/// A wave of a rollout: which devices may move, and how far they are.
package struct Wave: Equatable, Sendable {
    package let name: String
    /// waiting, open, soaking, done.
    package let state: String
    package let opened: Instant?
    package let devices: Int
    package let counts: StandingCounts

    init(_ answer: Answer) throws(OperatorError) {
        name = try answer.required("name", answer.text("name"))
        state = try answer.required("state", answer.text("state"))
        opened = answer.instant("opened")
        counts = StandingCounts(answer.object("counts"))
        devices = answer.integer("devices") ?? counts.total
    }
}

/// Why the rollout went on or stopped, in the aggregator's own words.
package struct Decision: Equatable, Sendable {
    package let at: Instant?
    package let text: String

    init(_ answer: Answer) {
        at = answer.instant("at")
        text = answer.text("text") ?? ""
    }
}

/// A release on its way to the devices.
package struct Rollout: Equatable, Sendable {
    package let release: Revision
    /// rolling, paused, halted, aborted, complete.
    package let standing: String
    package let since: Instant?
    package let reason: String?
    package let waves: [Wave]
    package let counts: StandingCounts
    package let affected: Int
    package let queued: Revision?
    package let decisions: [Decision]

    init(_ answer: Answer) throws(OperatorError) {
        release = try answer.required(
            "release", answer.text("release").flatMap { Revision($0) })
        standing = try answer.required("standing", answer.text("standing"))
        since = answer.instant("since")
        reason = answer.text("reason").flatMap { $0.isEmpty ? nil : $0 }
        var waves: [Wave] = []
        for wave in answer.objects("waves") { waves.append(try Wave(wave)) }
        self.waves = waves
        counts = StandingCounts(answer.object("counts"))
        affected = answer.integer("affected") ?? 0
        queued = answer.text("queued").flatMap { Revision($0) }
        decisions = answer.objects("decisions").map { Decision($0) }
    }

    /// Whether it came to an end of one kind or the other: nothing moves until somebody acts.
    package var isOver: Bool { ["complete", "aborted", "halted"].contains(standing) }
    package var isStopped: Bool { standing == "halted" || standing == "aborted" }

    /// How many affected devices have it. Those that need nothing do not count.
    var arrived: Int { counts.byStanding[Standing("succeeded")] ?? 0 }

    var tone: Standing.Tone {
        switch standing {
        case "complete": .good
        case "rolling": .busy
        case "halted", "aborted": .bad
        default: .away
        }
    }
}

/// All that the aggregator knows of a channel and its rollouts.
package struct ChannelPicture: Sendable {
    /// `harbour/main`.
    package let channel: ChannelName
    package let tip: Revision?
    package let trusted: Revision?
    /// Why the aggregator refuses the channel's tip.
    package let refusal: Refusal?
    package let current: Rollout?
    package let json: JSONValue

    package struct Refusal: Equatable, Sendable {
        package let code: String
        package let reason: String
    }

    init(_ answer: Answer) throws(OperatorError) {
        channel = try answer.required(
            "channel",
            ChannelName(
                fleet: answer.text("fleet") ?? "", channel: answer.text("channel") ?? ""))
        tip = answer.text("tip").flatMap { Revision($0) }
        let trust = answer.object("trust")
        trusted = trust?.text("release").flatMap { Revision($0) }
        refusal = trust?.object("refusal").map { refusal in
            Refusal(
                code: refusal.text("code") ?? "refused",
                reason: refusal.text("reason") ?? "")
        }
        current = if let current = answer.object("current") { try Rollout(current) } else { nil }
        json = answer.json
    }
}

extension FleetServer {
    package func channel() async throws(OperatorError) -> ChannelPicture {
        try ChannelPicture(try await get("/v1/rollouts"))
    }
}
