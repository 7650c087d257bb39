package import Digests
package import Documents
package import FleetModel

/// What a device says of itself: retained, and signed with its key.
package struct ReportedState: Equatable, Sendable {
    package struct HoldReport: Equatable, Sendable {
        package var reason: String
        package var until: Instant

        package init(reason: String, until: Instant) {
            self.reason = reason
            self.until = until
        }
    }

    package struct DriftReport: Equatable, Sendable {
        package var count: Int
        /// The first `Limits.reportedDriftPaths` of them.
        package var paths: [String]
        package var since: Instant?

        package init(count: Int = 0, paths: [String] = [], since: Instant? = nil) {
            self.count = count
            self.paths = paths
            self.since = since
        }
    }

    package var fleet: String
    package var channel: String
    package var device: DeviceID
    package var epoch: Int64
    /// Rises with every report of an epoch.
    package var sequence: Int64
    package var at: Instant
    package var agent: String
    package var phase = "idle"
    package var generation = 0
    package var confirmed = false
    /// The last release whose content this device has.
    package var revision: Revision?
    /// Of the current generation; nil before the first one.
    package var digest: ContentDigest?
    package var trustHead: Revision?
    /// The first thing that a person should know; nil when all is well.
    package var problem: String?
    /// The kind of the ledger's alarm: `refused`, `rejected`, `knownBad`, `held`.
    package var alarm: String?
    package var hold: HoldReport?
    package var drift = DriftReport()
    package var labels = Labels()
    package var facts: [String: String] = [:]
    /// The sequence of the newest order that it believed.
    package var order: Int64?
    /// It knows of something newer than what Git gives it, or heard no order for too long.
    package var isStale = false

    package init(
        fleet: String, channel: String, device: DeviceID, epoch: Int64, sequence: Int64,
        at: Instant, agent: String
    ) {
        self.fleet = fleet
        self.channel = channel
        self.device = device
        self.epoch = epoch
        self.sequence = sequence
        self.at = at
        self.agent = agent
    }
}

extension ReportedState {
    package static let kind = "state"

    package var json: JSONValue {
        [
            "version": 1, "kind": .string(Self.kind), "fleet": .string(fleet),
            "channel": .string(channel), "device": .string(device.text),
            "epoch": .integer(epoch), "sequence": .integer(sequence), "at": at.wireValue,
            "agent": .string(agent), "digestVersion": 1,
            "phase": .string(phase), "generation": .integer(Int64(generation)),
            "confirmed": .bool(confirmed), "revision": .optional(revision?.text),
            "digest": .optional(digest?.description), "trustHead": .optional(trustHead?.text),
            "problem": .optional(problem), "alarm": .optional(alarm),
            "hold": hold.map { ["reason": .string($0.reason), "until": $0.until.wireValue] }
                ?? .null,
            "drift": [
                "count": .integer(Int64(drift.count)),
                "paths": .array(drift.paths.map { .string($0) }),
                "since": drift.since?.wireValue ?? .null,
            ],
            "labels": .object(
                labels.byKey.mapValues { label in
                    ["value": .string(label.value), "source": .string(label.source.rawValue)]
                }),
            "facts": .object(facts.mapValues { .string($0) }),
            "order": order.map { .integer($0) } ?? .null, "stale": .bool(isStale),
        ]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a device's state")
        reader.expect("kind", Self.kind)
        let fleet = reader.name("fleet")
        let channel = reader.name("channel")
        let device = reader.device("device")
        let (epoch, sequence) = (reader.integer("epoch"), reader.integer("sequence"))
        let (at, agent) = (reader.instant("at"), reader.text("agent", limit: 64))
        try reader.finish()
        guard let device else { fatalError("a missing device is a fault") }
        self.init(
            fleet: fleet, channel: channel, device: device, epoch: epoch, sequence: sequence,
            at: at, agent: agent)
        phase = reader.text("phase", limit: 64)
        generation = Int(reader.integer("generation"))
        confirmed = reader.bool("confirmed")
        revision = reader.optionalObject("revision")
        digest = reader.optionalDigest("digest")
        trustHead = reader.optionalObject("trustHead")
        problem = reader.optionalText("problem", limit: Limits.problemBytes)
        alarm = reader.optionalText("alarm", limit: 64)
        order = reader.optionalInteger("order")
        isStale = reader.bool("stale")
        hold = try Self.hold(reader.node("hold"))
        if let node = reader.requiredNode("drift") { drift = try Self.drift(node) }
        labels = try Self.labels(reader.entries("labels", limit: Limits.reportedLabels))
        for entry in reader.entries("facts", limit: Limits.reportedLabels) {
            guard case .scalar(let scalar) = entry.value.content, scalar.isQuoted,
                scalar.text.utf8.count <= Limits.wireTextBytes
            else {
                reader.report("a fact is no text, or too long")
                continue
            }
            facts[entry.key] = scalar.text
        }
        try reader.finish()
    }

    private static func hold(_ node: Node?) throws(InvalidDocument) -> HoldReport? {
        guard let node else { return nil }
        var reader = WireReader(node, what: "a device's hold")
        let hold = HoldReport(reason: reader.text("reason"), until: reader.instant("until"))
        try reader.finish()
        return hold
    }

    private static func drift(_ node: Node) throws(InvalidDocument) -> DriftReport {
        var reader = WireReader(node, what: "a device's drift")
        let drift = DriftReport(
            count: Int(reader.integer("count", in: 0...Int64(Limits.files))),
            paths: reader.texts("paths", limit: Limits.reportedDriftPaths),
            since: reader.optionalInstant("since"))
        try reader.finish()
        return drift
    }

    private static func labels(_ entries: [Node.Entry]) throws(InvalidDocument) -> Labels {
        var labels: [String: Label] = [:]
        for entry in entries {
            var reader = WireReader(entry.value, what: "a device's label")
            let value = reader.text("value", limit: 256)
            let source = reader.choice("source", default: LabelSource.local)
            try reader.finish()
            labels[entry.key] = Label(value, from: source)
        }
        return Labels(labels)
    }
}
