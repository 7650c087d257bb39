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

    /// A text for people. Whatever it holds, it is fit to be shown.
    package mutating func prose(_ key: String, limit: Int) -> String {
        shown(text(key, limit: limit), limit: limit)
    }

    package mutating func optionalProse(_ key: String, limit: Int) -> String? {
        optionalText(key, limit: limit).map { shown($0, limit: limit) }
    }

    /// Letters, digits, dots, underscores and hyphens: one of a set that may grow.
    package mutating func word(_ key: String) -> String {
        let text = text(key, limit: 64)
        if !isWord(text) { report("`\(key)` is no word") }
        return text
    }

    package mutating func optionalWord(_ key: String) -> String? {
        node(key) == nil ? nil : word(key)
    }

    /// Lower-case hexadecimal digits, exactly so many.
    package mutating func hexadecimal(_ key: String, digits: Int) -> String {
        let text = text(key, limit: digits)
        if !isHexadecimal(text, digits: digits) {
            report("`\(key)` is not \(digits) hexadecimal digits")
        }
        return text
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

    package mutating func epoch(_ key: String) -> Int64 {
        integer(key, in: 0...Limits.highestEpoch)
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
        Instant(milliseconds: integer(key, in: 0...Self.latestMilliseconds))
    }

    package mutating func optionalInstant(_ key: String) -> Instant? {
        optionalInteger(key, in: 0...Self.latestMilliseconds).map { Instant(milliseconds: $0) }
    }

    /// The year 2255: nanoseconds in 64 bits end a little later.
    package static let latestMilliseconds: Int64 = 9_000_000_000_000

    /// A span of time in milliseconds, at most a week.
    package mutating func span(_ key: String) -> Duration {
        .milliseconds(integer(key, in: 0...Self.longestSpan))
    }

    static let longestSpan: Int64 = 7 * 86_400_000

    /// A number of things.
    package mutating func count(_ key: String) -> Int {
        Int(integer(key, in: 0...Int64(Self.highestCount)))
    }

    package mutating func optionalCount(_ key: String) -> Int? {
        optionalInteger(key, in: 0...Int64(Self.highestCount)).map { Int($0) }
    }

    static let highestCount = Int(Int32.max)

    /// This version of all messages.
    mutating func version() {
        guard requiredNode("version") != nil else { return }
        if optionalInteger("version") != 1 {
            report("its version is not 1, which is the only one that is known here")
        }
    }

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
            guard let text = element.wireText, text.utf8.count <= Limits.wireTextBytes else {
                report(
                    "`\(key)` has an element that is no text of at most \(Limits.wireTextBytes) bytes"
                )
                return nil
            }
            return text
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

/// `wireText` under a name that no member hides.
private func shown(_ text: String, limit: Int) -> String { wireText(text, limit: limit) }

extension Node {
    /// A whole number as JSON writes it.
    var wireInteger: Int64? {
        guard case .scalar(let scalar) = content, !scalar.isQuoted else { return nil }
        return Int64(scalar.text)
    }

    /// A text as JSON writes it.
    var wireText: String? {
        guard case .scalar(let scalar) = content, scalar.isQuoted else { return nil }
        return scalar.text
    }
}
