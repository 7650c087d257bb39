package import Digests
package import Documents
package import FleetModel

/// Reads a message. What is missing or of the wrong kind is gathered and thrown by `finish`; keys
/// that this version does not know are passed over, for the other side may be newer.
package struct WireReader {
    private var members: [String: Node] = [:]
    private let what: String
    private var faults: [Diagnostic] = []

    package init(_ node: Node, what: String) {
        self.what = what
        guard case .mapping(let entries) = node.content else {
            report("it is \(node.kind) and not an object")
            return
        }
        members = Dictionary(
            entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Throws everything that was wrong.
    package func finish() throws(InvalidDocument) {
        if !faults.isEmpty { throw InvalidDocument(faults) }
    }

    package mutating func report(_ message: String) {
        faults.append(
            Diagnostic(
                file: what, message: message,
                fix: "Both sides must be of versions that know each other; see docs/asyncapi.yaml.")
        )
    }

    /// The node of a key; nil where it is missing or null.
    package func node(_ key: String) -> Node? {
        guard let node = members[key] else { return nil }
        if case .scalar(let scalar) = node.content, scalar.isNull { return nil }
        return node
    }

    package mutating func requiredNode(_ key: String) -> Node? {
        if let node = node(key) { return node }
        report("`\(key)` is missing")
        return nil
    }

    // MARK: Texts

    package mutating func optionalText(_ key: String, limit: Int = Limits.wireTextBytes) -> String?
    {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node.content, scalar.isQuoted else {
            report("`\(key)` is not a text")
            return nil
        }
        guard scalar.text.utf8.count <= limit else {
            report("`\(key)` is longer than \(limit) bytes")
            return nil
        }
        return scalar.text
    }

    package mutating func text(_ key: String, limit: Int = Limits.wireTextBytes) -> String {
        guard requiredNode(key) != nil else { return "" }
        return optionalText(key, limit: limit) ?? ""
    }

    /// A text that must say exactly this: whom or what the message is about.
    package mutating func expect(_ key: String, _ expected: String) {
        let found = text(key)
        if found != expected { report("`\(key)` does not say `\(expected)`") }
    }

    package mutating func name(_ key: String) -> String {
        let text = text(key)
        if !isName(text) { report("`\(key)` is no name") }
        return text
    }

    package mutating func choice<Choice: RawRepresentable<String>>(
        _ key: String, default fallback: Choice
    ) -> Choice {
        let text = text(key)
        if let choice = Choice(rawValue: text) { return choice }
        report("`\(key)` says something unknown")
        return fallback
    }

    // MARK: Numbers and truth

    package mutating func optionalInteger(
        _ key: String, in range: ClosedRange<Int64> = 0...Int64.max
    ) -> Int64? {
        guard let node = node(key) else { return nil }
        guard case .scalar(let scalar) = node.content, !scalar.isQuoted,
            let value = Int64(scalar.text), range.contains(value)
        else {
            report("`\(key)` is not a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    package mutating func integer(
        _ key: String, in range: ClosedRange<Int64> = 0...Int64.max
    ) -> Int64 {
        guard requiredNode(key) != nil else { return range.lowerBound }
        return optionalInteger(key, in: range) ?? range.lowerBound
    }

    package mutating func bool(_ key: String) -> Bool {
        guard let node = requiredNode(key) else { return false }
        if case .scalar(let scalar) = node.content, !scalar.isQuoted {
            if scalar.text == "true" { return true }
            if scalar.text == "false" { return false }
        }
        report("`\(key)` is neither true nor false")
        return false
    }

    // MARK: The project's own kinds

    /// Milliseconds since 1970.
    package mutating func instant(_ key: String) -> Instant {
        Instant(nanoseconds: integer(key, in: Self.times) * 1_000_000)
    }

    package mutating func optionalInstant(_ key: String) -> Instant? {
        optionalInteger(key, in: Self.times).map { Instant(nanoseconds: $0 * 1_000_000) }
    }

    private static let times: ClosedRange<Int64> = 0...(Int64.max / 1_000_000)

    /// Nil only after a fault.
    package mutating func object(_ key: String) -> ObjectID? {
        guard requiredNode(key) != nil else { return nil }
        return optionalObject(key)
    }

    package mutating func optionalObject(_ key: String) -> ObjectID? {
        guard let text = optionalText(key) else { return nil }
        if let id = ObjectID(text) { return id }
        report("`\(key)` is not 40 hexadecimal digits")
        return nil
    }

    package mutating func optionalDigest(_ key: String) -> ContentDigest? {
        guard let text = optionalText(key) else { return nil }
        if let digest = ContentDigest(text) { return digest }
        report("`\(key)` is not 64 hexadecimal digits")
        return nil
    }

    /// Nil only after a fault.
    package mutating func device(_ key: String) -> DeviceID? {
        if let id = DeviceID(text(key)) { return id }
        report("`\(key)` is not a device id")
        return nil
    }

    // MARK: Collections

    package mutating func list(_ key: String, limit: Int) -> [Node] {
        guard let node = requiredNode(key) else { return [] }
        guard case .sequence(let elements) = node.content else {
            report("`\(key)` is not a list")
            return []
        }
        guard elements.count <= limit else {
            report("`\(key)` has more than \(limit) elements")
            return []
        }
        return elements
    }

    package mutating func texts(_ key: String, limit: Int) -> [String] {
        list(key, limit: limit).compactMap { element in
            guard case .scalar(let scalar) = element.content, scalar.isQuoted,
                scalar.text.utf8.count <= Limits.wireTextBytes
            else {
                report(
                    "`\(key)` has an element that is no text of at most \(Limits.wireTextBytes) bytes"
                )
                return nil
            }
            return scalar.text
        }
    }

    package mutating func entries(_ key: String, limit: Int) -> [Node.Entry] {
        guard let node = requiredNode(key) else { return [] }
        guard case .mapping(let entries) = node.content else {
            report("`\(key)` is not an object")
            return []
        }
        guard entries.count <= limit,
            entries.allSatisfy({ $0.key.utf8.count <= Limits.wireTextBytes })
        else {
            report("`\(key)` has more than \(limit) members, or too long ones")
            return []
        }
        return entries
    }
}

extension Instant {
    /// As messages carry it: milliseconds since 1970.
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }
    package init(milliseconds: Int64) { self.init(nanoseconds: milliseconds &* 1_000_000) }

    var wireValue: JSONValue { .integer(milliseconds) }
}

extension JSONValue {
    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
