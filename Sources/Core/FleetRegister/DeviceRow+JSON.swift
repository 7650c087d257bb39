internal import Digests
package import Documents
internal import FleetModel
internal import RolloutEngine
internal import WireMessages

/// How a row is written for a store. Times are nanoseconds since 1970: a row comes back exactly as
/// it was.
extension DeviceRow {
    static let format: Int64 = 1

    package var json: JSONValue {
        .object([
            "format": .integer(Self.format), "id": .string(id.text),
            "lastHeard": .integer(lastHeard.nanoseconds), "isOnline": .bool(isOnline),
            "presenceSince": .integer(presenceSince.nanoseconds),
            "presentSince": .integer(presentSince.nanoseconds),
            "presenceEpoch": .orNull(presenceEpoch), "state": state?.json ?? .null,
            "stateReceived": .orNull(stateReceived?.nanoseconds),
            "digestSince": .orNull(digestSince?.nanoseconds), "outboxEpoch": .orNull(outboxEpoch),
            "heardUpto": .integer(heardUpto),
            "compacted": .object(compacted.mapValues { .integer(Int64($0)) }),
            "expected": .array(expected.map(\.json)), "ended": .array(ended.map(\.json)),
        ])
    }

    /// Reads what `json` wrote. `file` names the store in messages.
    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RowReader(node, file: file)
        guard try reader.integer("format") == Self.format else { throw reader.fault("format") }
        self.init(
            id: try reader.value("id") { DeviceID($0) }, at: try reader.instant("lastHeard"))
        isOnline = try reader.value("isOnline") {
            $0 == "true" ? true : $0 == "false" ? false : nil
        }
        presenceSince = try reader.instant("presenceSince")
        presentSince = try reader.instant("presentSince")
        presenceEpoch = try reader.optionalInteger("presenceEpoch")
        if let node = reader.node("state") {
            guard let state = try? ReportedState(reading: node) else { throw reader.fault("state") }
            self.state = state
        }
        stateReceived = try reader.optionalInteger("stateReceived").map(Instant.init(nanoseconds:))
        digestSince = try reader.optionalInteger("digestSince").map(Instant.init(nanoseconds:))
        outboxEpoch = try reader.optionalInteger("outboxEpoch")
        heardUpto = try reader.integer("heardUpto")
        compacted = try reader.counts("compacted")
        for node in try reader.list("expected") {
            expected.append(try Expected(reading: node, file: file))
        }
        for node in try reader.list("ended") {
            ended.append(try Ended(reading: node, file: file))
        }
    }
}

extension JSONValue {
    fileprivate static func orNull(_ number: Int64?) -> JSONValue {
        number.map { .integer($0) } ?? .null
    }
}

extension DeviceRow.Expected {
    fileprivate var json: JSONValue {
        [
            "release": .string(release.text), "expectation": .string(expectation.text),
            "wasAffected": .bool(wasAffected),
        ]
    }

    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RowReader(node, file: file)
        try self.init(
            release: reader.value("release") { ObjectID($0) },
            expectation: reader.value("expectation") { Expectation(text: $0) },
            wasAffected: reader.value("wasAffected") {
                $0 == "true" ? true : $0 == "false" ? false : nil
            })
    }
}

extension DeviceRow.Ended {
    fileprivate var json: JSONValue {
        [
            "release": .string(release.text), "kind": .string(outcome.kind.rawValue),
            "digest": outcome.digest.map { .string($0.description) } ?? .null,
            "received": .integer(outcome.received.nanoseconds),
            "order": .integer(outcome.order),
            "isOlderThanReport": .bool(outcome.isOlderThanReport),
        ]
    }

    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RowReader(node, file: file)
        let digest = reader.text("digest")
        try self.init(
            release: reader.value("release") { ObjectID($0) },
            outcome: ReleaseOutcome(
                kind: reader.value("kind") { ReleaseOutcome.Kind(rawValue: $0) },
                digest: digest == nil ? nil : reader.value("digest") { ContentDigest($0) },
                received: reader.instant("received"),
                order: reader.optionalInteger("order") ?? 0,
                isOlderThanReport: reader.text("isOlderThanReport") == "true"))
    }
}

extension Expectation {
    fileprivate var text: String {
        switch self {
        case .digest(let digest): digest.description
        case .rejected: "rejected"
        case .needsAgent: "needsAgent"
        case .notApplicable: "notApplicable"
        }
    }

    fileprivate init?(text: String) {
        switch text {
        case "rejected": self = .rejected
        case "needsAgent": self = .needsAgent
        case "notApplicable": self = .notApplicable
        default:
            guard let digest = ContentDigest(text) else { return nil }
            self = .digest(digest)
        }
    }
}

/// Reads one mapping of what we wrote ourselves: nothing of it may be guessed.
private struct RowReader {
    private var reader: MappingReader

    init(_ node: Node, file: String) {
        reader = MappingReader(node, file: file, what: "a device's row")
    }

    func fault(_ key: String) -> InvalidDocument {
        InvalidDocument(
            Diagnostic(
                file: reader.file, position: reader.node.position,
                message: "a device's row has no valid `\(key)`",
                fix: "Restore the aggregator's database from a copy."))
    }

    mutating func node(_ key: String) -> Node? { reader.node(key) }

    mutating func text(_ key: String) -> String? { reader.text(key)?.value }

    mutating func list(_ key: String) throws(InvalidDocument) -> [Node] {
        guard case .sequence(let elements)? = reader.node(key)?.content else { throw fault(key) }
        return elements
    }

    mutating func value<Value>(
        _ key: String, _ make: (String) -> Value?
    ) throws(InvalidDocument) -> Value {
        guard let text = text(key), let value = make(text) else { throw fault(key) }
        return value
    }

    mutating func integer(_ key: String) throws(InvalidDocument) -> Int64 {
        try value(key) { Int64($0) }
    }

    mutating func optionalInteger(_ key: String) throws(InvalidDocument) -> Int64? {
        reader.node(key) == nil ? nil : try integer(key)
    }

    mutating func instant(_ key: String) throws(InvalidDocument) -> Instant {
        Instant(nanoseconds: try integer(key))
    }

    mutating func counts(_ key: String) throws(InvalidDocument) -> [String: Int] {
        var counts: [String: Int] = [:]
        for entry in reader.mapping(key) {
            guard case .scalar(let scalar) = entry.value.content, let count = Int(scalar.text)
            else { throw fault(key) }
            counts[entry.key] = count
        }
        return counts
    }
}
