package import Digests
package import Documents
package import FleetModel

/// A record that the agent keeps on disk as JSON, with a format number. A reader for the format
/// before the current one stays.
package protocol DeviceRecord {
    /// For messages.
    static var recordName: String { get }
    var json: JSONValue { get }
    init(reading node: Node, file: String) throws(InvalidDocument)
    /// Whether it is written with a checksum.
    static var isSealed: Bool { get }
}

extension DeviceRecord {
    package static var isSealed: Bool { false }
}

/// Reads our own records. They are ours, but the disk is not: each value is checked, and what is
/// wrong is told once at the end. Values read after a fault are placeholders.
package struct RecordReader {
    private var mapping: MappingReader
    private let nothing: Node

    package init(_ node: Node, file: String, what: String) {
        mapping = MappingReader(node, file: file, what: "the \(what)")
        nothing = Node(
            .scalar(Node.Scalar(text: "", isQuoted: false)), at: SourcePosition(line: 1, column: 1))
    }

    package mutating func node(_ key: String) -> Node { mapping.requiredNode(key) ?? nothing }
    package mutating func optionalNode(_ key: String) -> Node? { mapping.node(key) }

    package mutating func integer(_ key: String) -> Int64 {
        guard let (text, position) = mapping.requiredText(key) else { return 0 }
        return integer(text, key, position)
    }

    package mutating func optionalInteger(_ key: String) -> Int64? {
        guard let (text, position) = mapping.text(key) else { return nil }
        return integer(text, key, position)
    }

    package mutating func bool(_ key: String) -> Bool {
        mapping.requiredNode(key) != nil && mapping.bool(key) ?? false
    }
    package mutating func text(_ key: String) -> String { mapping.requiredText(key)?.value ?? "" }
    package mutating func optionalText(_ key: String) -> String? { mapping.text(key)?.value }
    package mutating func texts(_ key: String) -> [String] {
        mapping.requiredNode(key) == nil ? [] : mapping.texts(key).map(\.value)
    }
    package mutating func optionalTexts(_ key: String) -> [String] {
        mapping.texts(key).map(\.value)
    }
    /// Texts by their names; none where the key is missing.
    package mutating func optionalNamedTexts(_ key: String) -> [String: String] {
        var texts: [String: String] = [:]
        for entry in mapping.mapping(key) {
            if case .scalar(let scalar) = entry.value.content {
                texts[entry.key] = scalar.text
            } else {
                wrong(key, "a mapping of names to texts")
            }
        }
        return texts
    }
    package mutating func entries(_ key: String) -> [Node.Entry] {
        mapping.requiredNode(key) == nil ? [] : mapping.mapping(key)
    }
    package mutating func list(_ key: String) -> [Node] {
        mapping.requiredNode(key) == nil ? [] : mapping.list(key)
    }
    package mutating func optionalList(_ key: String) -> [Node] { mapping.list(key) }

    package mutating func digest(_ key: String) -> ContentDigest {
        let text = text(key)
        if let digest = ContentDigest(text) { return digest }
        wrong(key, "64 hexadecimal digits")
        return SHA256.hash([])
    }

    package mutating func optionalDigest(_ key: String) -> ContentDigest? {
        guard let text = optionalText(key) else { return nil }
        if let digest = ContentDigest(text) { return digest }
        wrong(key, "64 hexadecimal digits")
        return nil
    }

    /// Nil only after a fault, which `finish` throws.
    package mutating func object(_ key: String) -> ObjectID? {
        guard mapping.requiredNode(key) != nil else { return nil }
        return optionalObject(key)
    }

    package mutating func optionalObject(_ key: String) -> ObjectID? {
        guard let text = optionalText(key) else { return nil }
        if let id = ObjectID(text) { return id }
        wrong(key, "40 hexadecimal digits")
        return nil
    }

    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, default fallback: Choice
    ) -> Choice {
        guard mapping.requiredNode(key) != nil else { return fallback }
        return mapping.choice(key, of: Choice.self) ?? fallback
    }

    /// Everything that was wrong so far.
    package var invalid: InvalidDocument { InvalidDocument(mapping.diagnostics) }

    /// Throws everything that was wrong. Keys that this version does not know are an error too: the
    /// format number changes with the keys.
    package mutating func finish(format: Int64) throws(InvalidDocument) {
        let found = integer("format")
        if found != format { wrong("format", "\(format)") }
        mapping.finish()
        if !mapping.diagnostics.isEmpty { throw InvalidDocument(mapping.diagnostics) }
    }

    /// The same for a record of which older formats are still read. Returns the one that it has.
    @discardableResult
    package mutating func finish(
        formats: ClosedRange<Int64>
    ) throws(InvalidDocument) -> Int64 {
        let found = integer("format")
        if !formats.contains(found) {
            wrong("format", "\(formats.lowerBound) to \(formats.upperBound)")
        }
        mapping.finish()
        if !mapping.diagnostics.isEmpty { throw InvalidDocument(mapping.diagnostics) }
        return found
    }

    /// The same for a part of a record, which has no format number of its own.
    package mutating func finish() throws(InvalidDocument) {
        mapping.finish()
        if !mapping.diagnostics.isEmpty { throw InvalidDocument(mapping.diagnostics) }
    }

    private mutating func integer(_ text: String, _ key: String, _ position: SourcePosition)
        -> Int64
    {
        if let value = Int64(text) { return value }
        wrong(key, "a whole number")
        return 0
    }

    package mutating func wrong(_ key: String, _ expected: String) {
        mapping.report(
            at: mapping.node.position, "`\(key)` is not \(expected)",
            fix: "The record was damaged or written by another version of the agent.")
    }
}
