internal import Digests
package import Documents
internal import FleetModel
package import WireMessages

/// One line of the outbox's file. Lines are only ever appended; what they say together is the
/// outbox.
package enum OutboxRecord: Equatable, Sendable {
    /// Where everything before the file's first event stands.
    package struct Beginning: Equatable, Sendable {
        package var origin: Int64?
        package var acknowledged: Int64
        package var last: Int64
        package var compacted: [String: Int]
        package var compactedUpto: Int64
    }

    case beginning(Beginning)
    case event(DeviceEvent)
    case acknowledged(upto: Int64)
    case origin(Int64)

    private static let checksumDigits = 16
    private static let epochs = 0...Int(clamping: SessionEpochs.highest)

    /// Whether a power cut may not take it back: what is acknowledged twice does no harm.
    package var mustLast: Bool {
        switch self {
        case .beginning, .event, .origin: true
        case .acknowledged: false
        }
    }

    // MARK: Lines

    /// `<checksum> <json>\n`; canonical JSON has no line break of its own.
    package var line: [UInt8] {
        let text = Array(json.canonical.utf8)
        return Array(Self.checksum(of: text).utf8) + [UInt8(ascii: " ")] + text
            + [UInt8(ascii: "\n")]
    }

    private static func checksum(of text: some Collection<UInt8>) -> String {
        Hex.encode(SHA256.hash(text).bytes.prefix(checksumDigits / 2))
    }

    /// Nil where the line is not what was written once.
    init?(line: some Collection<UInt8>, parse: ([UInt8]) throws -> Node) {
        let text = Array(line.dropFirst(Self.checksumDigits + 1))
        guard
            line.prefix(Self.checksumDigits + 1)
                .elementsEqual((Self.checksum(of: text) + " ").utf8),
            let node = try? parse(text), let record = try? OutboxRecord(reading: node)
        else { return nil }
        self = record
    }

    /// What an event takes of a message's room: its text stands within a JSON string there.
    static func escapedSize(of event: DeviceEvent) -> Int {
        event.json.canonical.utf8.reduce(1) { size, byte in
            size + (byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 2 : 1)
        }
    }

    // MARK: JSON

    private var json: JSONValue {
        switch self {
        case .beginning(let beginning):
            [
                "format": 1, "origin": beginning.origin.map { .integer($0) } ?? .null,
                "acknowledged": .integer(beginning.acknowledged),
                "last": .integer(beginning.last),
                "compacted": .object(beginning.compacted.mapValues { .integer(Int64($0)) }),
                "compactedUpto": .integer(beginning.compactedUpto),
            ]
        case .event(let event): ["event": event.json]
        case .acknowledged(let upto): ["acknowledged": .integer(upto)]
        case .origin(let epoch): ["origin": .integer(epoch)]
        }
    }

    private init(reading node: Node) throws(InvalidDocument) {
        var reader = MappingReader(node, file: "the outbox", what: "the line")
        if reader.node("format") != nil {
            self = .beginning(try Self.beginning(&reader))
        } else if let event = reader.node("event") {
            self = .event(try DeviceEvent(reading: event))
        } else if let upto = reader.integer("acknowledged", in: 0...Int.max) {
            self = .acknowledged(upto: Int64(upto))
        } else if let epoch = reader.integer("origin", in: Self.epochs) {
            self = .origin(Int64(epoch))
        } else {
            reader.report(at: node.position, "this line says nothing", fix: "Remove it.")
            throw InvalidDocument(reader.diagnostics)
        }
        guard reader.diagnostics.isEmpty else { throw InvalidDocument(reader.diagnostics) }
    }

    private static func beginning(
        _ reader: inout MappingReader
    ) throws(InvalidDocument) -> Beginning {
        _ = reader.integer("format", in: 1...1)
        let numbers = 0...Int.max
        var compacted: [String: Int] = [:]
        for entry in reader.mapping("compacted") {
            guard case .scalar(let scalar) = entry.value.content, let count = Int(scalar.text)
            else { continue }
            compacted[entry.key] = count
        }
        return Beginning(
            origin: reader.integer("origin", in: epochs).map { Int64($0) },
            acknowledged: Int64(reader.integer("acknowledged", in: numbers) ?? 0),
            last: Int64(reader.integer("last", in: numbers) ?? 0), compacted: compacted,
            compactedUpto: Int64(reader.integer("compactedUpto", in: numbers) ?? 0))
    }
}

extension Outbox {
    /// The bytes of a file that holds this and no more.
    package var file: [UInt8] { records.flatMap(\.line) }

    /// Reads a file as far as it is whole. A power cut leaves a torn last line, a bad disk lines
    /// that do not fit their checksums: they are left out, for the ledger may still know them.
    ///
    /// - Returns: also how many lines were left out. Where any were, the file must be written anew
    ///   before something is appended.
    package static func read(
        _ file: [UInt8], limit: Int = Limits.outboxBytes, parse: ([UInt8]) throws -> Node
    ) -> (outbox: Outbox, damagedLines: Int) {
        var outbox = Outbox(limit: limit)
        var damaged = 0
        for line in file.split(separator: UInt8(ascii: "\n")) {
            guard let record = OutboxRecord(line: line, parse: parse) else {
                damaged += 1
                continue
            }
            outbox.replay(record)
        }
        // The last line of a whole file ends like all others.
        if damaged == 0, let end = file.last, end != UInt8(ascii: "\n") { damaged = 1 }
        return (outbox, damaged)
    }
}
