package import Digests
package import Documents
package import FleetModel

/// Something that happened on a device.
package struct DeviceEvent: Equatable, Sendable {
    /// Rises by one with every event of an outbox.
    package var sequence: Int64
    /// `confirmed`, `failed`, `rolledBack`, `lostLink`, `rejected`, `unchanged`, `refused`,
    /// `healed`, `drift`, `contested`, `held`, `knownBad`, and the steps of a move; docs/asyncapi.yaml
    /// has all of them. A reader takes kinds that it does not know.
    package var kind: String
    package var generation: Int?
    package var revision: Revision?
    package var digest: ContentDigest?
    package var detail: String
    package var at: Instant

    package init(
        sequence: Int64, kind: String, generation: Int? = nil, revision: Revision? = nil,
        digest: ContentDigest? = nil, detail: String = "", at: Instant
    ) {
        self.sequence = sequence
        self.kind = kind
        self.generation = generation
        self.revision = revision
        self.digest = digest
        self.detail = detail
        self.at = at
    }

    /// Gates count these, so a full outbox gives up all others first.
    package var isOutcome: Bool { Self.outcomes.contains(kind) }

    private static let outcomes: Set<String> = [
        "confirmed", "failed", "rolledBack", "lostLink", "rejected", "unchanged",
    ]
}

extension DeviceEvent {
    package var json: JSONValue {
        .members([
            "sequence": .integer(sequence), "kind": .string(kind),
            "generation": generation.map { .count($0) }, "revision": revision.map { .id($0) },
            "digest": digest.map { .digest($0) },
            "detail": .prose(detail, limit: Limits.eventDetailBytes), "at": .time(at),
        ])
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an event")
        self.init(
            sequence: reader.integer("sequence", in: 1...Int64.max),
            kind: reader.word("kind"),
            generation: reader.optionalCount("generation"),
            revision: reader.optionalObject("revision"), digest: reader.optionalDigest("digest"),
            detail: reader.optionalProse("detail", limit: Limits.eventDetailBytes) ?? "",
            at: reader.instant("at"))
        try reader.finish()
    }
}

/// What a device sends from its outbox: signed with its key, and sent again until it is
/// acknowledged.
package struct EventBatch: Equatable, Sendable {
    package var fleet: String
    package var channel: String
    package var device: DeviceID
    /// The epoch in which this outbox began to count: with the sequence it names an event.
    package var epoch: Int64
    /// In rising sequence.
    package var events: [DeviceEvent]
    /// Events up to `compactedUpto` that were given up for space, counted by kind.
    package var compacted: [String: Int]
    package var compactedUpto: Int64

    package init(
        fleet: String, channel: String, device: DeviceID, epoch: Int64, events: [DeviceEvent],
        compacted: [String: Int] = [:], compactedUpto: Int64 = 0
    ) {
        self.fleet = fleet
        self.channel = channel
        self.device = device
        self.epoch = epoch
        self.events = events
        self.compacted = compacted
        self.compactedUpto = compactedUpto
    }
}

extension EventBatch: SignedPayload {
    package static let kind = "events"
    package static let namespace = SignatureNamespace.report

    package var json: JSONValue {
        var members = header(Self.kind)
        members["device"] = .string(device.text)
        members["epoch"] = .integer(epoch)
        members["events"] = .array(events.map(\.json))
        members["compacted"] = .object(compacted.mapValues { .count($0) })
        members["compactedUpto"] = .integer(compactedUpto)
        return .members(members)
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a batch of events")
        let (fleet, channel) = reader.header(Self.kind)
        let device = reader.device("device")
        let epoch = reader.epoch("epoch")
        let nodes = reader.list("events", limit: Limits.batchedEvents)
        let compacted = reader.entries("compacted", limit: Limits.reportedLabels)
        let compactedUpto = reader.integer("compactedUpto")
        try reader.finish()
        guard let device else { fatalError("a missing device is a fault") }
        self.init(
            fleet: fleet, channel: channel, device: device, epoch: epoch, events: [],
            compactedUpto: compactedUpto)
        for node in nodes { events.append(try DeviceEvent(reading: node)) }
        if zip(events, events.dropFirst()).contains(where: { $0.sequence >= $1.sequence }) {
            reader.report("the sequence does not rise")
        }
        for entry in compacted {
            guard isWord(entry.key), let count = entry.value.wireInteger,
                (0...Int64(WireReader.highestCount)).contains(count)
            else {
                reader.report("`compacted` has a member that does not count a kind of events")
                continue
            }
            self.compacted[entry.key] = Int(count)
        }
        try reader.finish()
    }
}
