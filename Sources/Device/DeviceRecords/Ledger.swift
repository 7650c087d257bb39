package import Digests
package import Documents
package import FleetModel

/// What the device must not forget: which generation is good, which desired states are bad, and what
/// happened lately.
package struct Ledger: Equatable, Sendable {
    /// A desired state that failed here. It is not tried again, by whatever revision, until
    /// somebody says so.
    package struct FailedState: Equatable, Sendable {
        package var digest: ContentDigest
        package var revision: Revision?
        package var reason: String
        package var at: Instant

        package init(digest: ContentDigest, revision: Revision?, reason: String, at: Instant) {
            self.digest = digest
            self.revision = revision
            self.reason = reason
            self.at = at
        }
    }

    package struct Outcome: Equatable, Sendable {
        /// `confirmed`, `rolledBack`, `refused`, `rejected`, `healed`, …
        package var kind: String
        package var generation: Int?
        package var revision: Revision?
        /// Of the desired state that it is about, where it is about one.
        package var digest: ContentDigest?
        package var detail: String
        package var at: Instant
        /// How long it took: a step since the one before, the end of a move since its beginning, and
        /// after a start of the agent since that. Nil for what takes no time.
        package var took: Duration?
        /// Counts the device's outcomes, 1 for the first; given by `append`. The write that keeps
        /// the outcome keeps its number, so nothing is lost on its way to the outbox.
        package internal(set) var sequence: Int64 = 0

        package init(
            kind: String, generation: Int? = nil, revision: Revision? = nil,
            digest: ContentDigest? = nil, detail: String = "", at: Instant,
            took: Duration? = nil
        ) {
            self.kind = kind
            self.generation = generation
            self.revision = revision
            self.digest = digest
            self.detail = detail
            self.at = at
            self.took = took
        }

        /// Whether it is only a part of a move, whose end says more.
        package var isStep: Bool { Self.steps.contains(kind) }

        private static let steps: Set<String> = [
            "hook", "units", "flipped", "needsReboot", "settling",
        ]

        /// The same, whenever and as whichever it was told.
        package func says(the other: Outcome) -> Bool {
            kind == other.kind && revision == other.revision && detail == other.detail
        }
    }

    /// The last generation that passed its gate.
    package var confirmed = 0
    /// The one before it: where `rollback` leads.
    package var previous: Int?
    /// The last release whose content this device has. It may be newer than the generation's own
    /// revision, where a release changed nothing here.
    package var revision: Revision?
    package var failed: [FailedState] = []
    package var outcomes: [Outcome] = []
    /// Why the tip of the channel is not accepted.
    package var refusal: Outcome?
    /// Why the last release that is accepted is not what the device has.
    package var rejection: Outcome?
    /// The number of the last outcome.
    package internal(set) var lastSequence: Int64 = 0
    /// The drift that was told last; ended by an outcome that heals it, or by a scan without any.
    package var toldDrift: String?
    /// Why the tip of the channel is not what the device has.
    package var alarm: Outcome? { refusal ?? rejection }

    package init() {}

    /// Old failures are forgotten first, when there are more than anybody would look at.
    package static let failedLimit = 64
    package static let outcomeLimit = 50
    /// That many steps are kept where there is no room for everything.
    package static let stepLimit = 16

    package mutating func remember(_ state: FailedState) {
        failed.removeAll { $0.digest == state.digest }
        failed.append(state)
        failed.removeFirst(max(0, failed.count - Self.failedLimit))
    }

    package mutating func append(_ outcome: Outcome) {
        var numbered = outcome
        lastSequence += 1
        numbered.sequence = lastSequence
        outcomes.append(numbered)
        makeRoom()
    }

    /// The steps of old moves go first: how they ended says more.
    private mutating func makeRoom() {
        while outcomes.count > Self.outcomeLimit {
            let steps = outcomes.indices.filter { outcomes[$0].isStep }
            outcomes.remove(at: steps.count > Self.stepLimit ? steps[0] : 0)
        }
    }

    /// Goes on counting above a number that was given in an earlier life, which a ledger that began
    /// anew does not know of.
    package mutating func count(above known: Int64) { lastSequence = max(lastSequence, known) }

    package func failure(of digest: ContentDigest) -> FailedState? {
        failed.first { $0.digest == digest }
    }
}

extension Ledger: DeviceRecord {
    package static let recordName = "ledger"
    package static let isSealed = true

    package var json: JSONValue {
        [
            "format": 2,
            "confirmed": .integer(Int64(confirmed)),
            "previous": previous.map { .integer(Int64($0)) } ?? .null,
            "revision": revision.map { .string($0.text) } ?? .null,
            "failed": .array(failed.map(\.json)),
            "outcomes": .array(outcomes.map(\.json)),
            "lastSequence": .integer(lastSequence),
            "toldDrift": toldDrift.map { .string($0) } ?? .null,
            "refusal": refusal?.json ?? .null,
            "rejection": rejection?.json ?? .null,
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init()
        confirmed = Int(reader.integer("confirmed"))
        previous = reader.optionalInteger("previous").map { Int($0) }
        revision = reader.optionalObject("revision")
        let failedNodes = reader.list("failed")
        let outcomeNodes = reader.list("outcomes")
        let refusalNode = reader.optionalNode("refusal")
        let rejectionNode = reader.optionalNode("rejection")
        let numbered = reader.optionalInteger("lastSequence")
        toldDrift = reader.optionalText("toldDrift")
        // Format 1 did not know how long things took.
        try reader.finish(formats: 1...2)
        for node in failedNodes { failed.append(try FailedState(reading: node, file: file)) }
        for node in outcomeNodes { outcomes.append(try Outcome(reading: node, file: file)) }
        // A ledger of version 0.1 does not count its outcomes.
        lastSequence = numbered ?? Int64(outcomes.count)
        if numbered == nil {
            for index in outcomes.indices { outcomes[index].sequence = Int64(index) + 1 }
        }
        if let refusalNode { refusal = try Outcome(reading: refusalNode, file: file) }
        if let rejectionNode { rejection = try Outcome(reading: rejectionNode, file: file) }
    }
}

extension Ledger.FailedState {
    package var json: JSONValue {
        [
            "digest": .string(digest.description),
            "revision": revision.map { .string($0.text) } ?? .null,
            "reason": .string(reason), "at": .integer(at.nanoseconds),
        ]
    }

    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "failed state")
        self.init(
            digest: reader.digest("digest"), revision: reader.optionalObject("revision"),
            reason: reader.text("reason"), at: Instant(nanoseconds: reader.integer("at")))
        try reader.finish()
    }
}

extension Ledger.Outcome {
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "kind": .string(kind),
            "generation": generation.map { .integer(Int64($0)) } ?? .null,
            "revision": revision.map { .string($0.text) } ?? .null,
            "digest": digest.map { .string($0.description) } ?? .null,
            "detail": .string(detail), "at": .integer(at.nanoseconds),
            "sequence": .integer(sequence),
        ]
        if let took { members["took"] = .integer(took.flotillaNanoseconds) }
        return .object(members)
    }

    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "outcome")
        self.init(
            kind: reader.text("kind"),
            generation: reader.optionalInteger("generation").map { Int($0) },
            revision: reader.optionalObject("revision"), digest: reader.optionalDigest("digest"),
            detail: reader.optionalText("detail") ?? "",
            at: Instant(nanoseconds: reader.integer("at")),
            took: reader.optionalInteger("took").map { .nanoseconds($0) })
        sequence = reader.optionalInteger("sequence") ?? 0
        try reader.finish()
    }
}
