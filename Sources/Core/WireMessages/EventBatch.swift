package import Digests
package import Documents
package import FleetModel

/// Something that happened on a device.
package struct DeviceEvent: Equatable, Sendable {
    /// Rises by one with every event of an outbox.
    package var sequence: Int64
    /// `confirmed`, `failed`, `rolledBack`, `rejected`, `unchanged`, `refused`, `healed`, `drift`,
    /// `held`, `knownBad`; a reader takes kinds that it does not know.
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
        "confirmed", "failed", "rolledBack", "rejected", "unchanged",
    ]
}

extension DeviceEvent {
    package var json: JSONValue {
        [
            "sequence": .integer(sequence), "kind": .string(kind),
            "generation": generation.map { .integer(Int64($0)) } ?? .null,
            "revision": .optional(revision?.text), "digest": .optional(digest?.description),
            "detail": .string(detail), "at": at.wireValue,
        ]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an event")
        self.init(
            sequence: reader.integer("sequence", in: 1...Int64.max),
            kind: reader.text("kind", limit: 64),
            generation: reader.optionalInteger("generation").map { Int($0) },
            revision: reader.optionalObject("revision"), digest: reader.optionalDigest("digest"),
            detail: reader.text("detail", limit: Limits.eventDetailBytes), at: reader.instant("at"))
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

extension EventBatch {
    package static let kind = "events"

    package var json: JSONValue {
        [
            "version": 1, "kind": .string(Self.kind), "fleet": .string(fleet),
            "channel": .string(channel), "device": .string(device.text),
            "epoch": .integer(epoch), "events": .array(events.map(\.json)),
            "compacted": .object(compacted.mapValues { .integer(Int64($0)) }),
            "compactedUpto": .integer(compactedUpto),
        ]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a batch of events")
        reader.expect("kind", Self.kind)
        let fleet = reader.name("fleet")
        let channel = reader.name("channel")
        let device = reader.device("device")
        let epoch = reader.integer("epoch")
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
            guard case .scalar(let scalar) = entry.value.content, !scalar.isQuoted,
                let count = Int(scalar.text), count >= 0
            else {
                reader.report("a count of `compacted` is no number")
                continue
            }
            self.compacted[entry.key] = count
        }
        try reader.finish()
    }
}
