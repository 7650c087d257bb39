internal import Digests
internal import Documents
internal import FleetModel

/// Reads one mapping of what we wrote ourselves. What is missing or wrong is a fault of the store,
/// and no value of it may be guessed.
struct RecordReader {
    private var reader: MappingReader
    let file: String
    private let what: String

    init(_ node: Node, file: String, what: String) {
        reader = MappingReader(node, file: file, what: what)
        self.file = file
        self.what = what
    }

    func fault(_ key: String) -> InvalidDocument {
        InvalidDocument(
            Diagnostic(
                file: file, position: reader.node.position,
                message: "\(what) has no valid `\(key)`",
                fix: "Restore the aggregator's database from a copy."))
    }

    mutating func node(_ key: String) -> Node? { reader.node(key) }

    mutating func list(_ key: String) throws(InvalidDocument) -> [Node] {
        guard case .sequence(let elements)? = reader.node(key)?.content else { throw fault(key) }
        return elements
    }

    mutating func optionalText(_ key: String) -> String? { reader.text(key)?.value }

    mutating func text(_ key: String) throws(InvalidDocument) -> String {
        guard let text = optionalText(key) else { throw fault(key) }
        return text
    }

    mutating func value<Value>(
        _ key: String, _ make: (String) -> Value?
    ) throws(InvalidDocument) -> Value {
        guard let value = make(try text(key)) else { throw fault(key) }
        return value
    }

    /// Nil where there is nothing; a fault where there is something else.
    mutating func optional<Value>(
        _ key: String, _ make: (String) -> Value?
    ) throws(InvalidDocument) -> Value? {
        guard let text = optionalText(key) else { return nil }
        guard let value = make(text) else { throw fault(key) }
        return value
    }

    mutating func integer(_ key: String) throws(InvalidDocument) -> Int64 {
        try value(key) { Int64($0) }
    }

    mutating func count(_ key: String) throws(InvalidDocument) -> Int { Int(try integer(key)) }

    mutating func bool(_ key: String) throws(InvalidDocument) -> Bool {
        try value(key) { $0 == "true" ? true : $0 == "false" ? false : nil }
    }

    mutating func instant(_ key: String) throws(InvalidDocument) -> Instant {
        Instant(nanoseconds: try integer(key))
    }

    mutating func optionalInstant(_ key: String) throws(InvalidDocument) -> Instant? {
        try optional(key) { Int64($0).map { Instant(nanoseconds: $0) } }
    }

    mutating func span(_ key: String) throws(InvalidDocument) -> Duration {
        .nanoseconds(try integer(key))
    }

    mutating func object(_ key: String) throws(InvalidDocument) -> ObjectID {
        try value(key) { ObjectID($0) }
    }

    mutating func devices(_ key: String) throws(InvalidDocument) -> [DeviceID] {
        var devices: [DeviceID] = []
        for node in try list(key) {
            guard case .scalar(let scalar) = node.content, let id = DeviceID(scalar.text) else {
                throw fault(key)
            }
            devices.append(id)
        }
        return devices
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

    /// Whatever a text becomes by an initialiser that throws.
    mutating func parsed<Value>(
        _ key: String, _ make: (String) throws(TextFault) -> Value
    ) throws(InvalidDocument) -> Value {
        let text = try text(key)
        do throws(TextFault) {
            return try make(text)
        } catch {
            throw fault(key)
        }
    }
}
