package import Documents
internal import FleetModel
internal import FleetTools
internal import JSONDocument

/// A JSON object that the aggregator answered. Whoever reads it takes what he knows: members that a
/// later version adds are ignored, and what is missing is nil.
///
/// Texts lose what could move a terminal's cursor: devices wrote some of them, and a device may be
/// hostile.
package struct Answer: Sendable {
    private let members: [String: Node]
    /// Where it came from, for messages.
    let place: String
    /// The whole of it, as it came.
    package let json: JSONValue

    init(_ bytes: [UInt8], from place: String) throws(OperatorError) {
        let node: Node
        do throws(InvalidDocument) {
            node = try JSON.parse(bytes, file: place)
        } catch {
            throw Self.failure(place, "it is no JSON")
        }
        guard let answer = Answer(node, place: place) else {
            throw Self.failure(place, "it is no JSON object")
        }
        self = answer
    }

    private init?(_ node: Node, place: String) {
        guard case .mapping(let entries) = node.content else { return nil }
        members = Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        self.place = place
        json = JSONValue(node)
    }

    private static func failure(_ place: String, _ reason: String) -> OperatorError {
        OperatorError(
            .environment, "the answer of \(place) is not understood: \(reason)",
            fix: "Check that this is the aggregator's address, and that `flotilla` and "
                + "`flotilla-aggregator` are of the same version.")
    }

    // MARK: Members

    var keys: [String] { members.keys.sorted() }

    private func scalar(_ key: String) -> Node.Scalar? {
        guard case .scalar(let scalar)? = members[key]?.content, !scalar.isNull else { return nil }
        return scalar
    }

    func text(_ key: String) -> String? { scalar(key).map { printable($0.text) } }
    func integer(_ key: String) -> Int? { scalar(key).flatMap { Int($0.text) } }
    func isTrue(_ key: String) -> Bool { scalar(key)?.text == "true" }

    func object(_ key: String) -> Answer? {
        members[key].flatMap { Answer($0, place: place) }
    }

    /// The objects of a list; what is none of them is left out.
    func objects(_ key: String) -> [Answer] {
        guard case .sequence(let elements)? = members[key]?.content else { return [] }
        return elements.compactMap { Answer($0, place: place) }
    }

    func texts(_ key: String) -> [String] {
        guard case .sequence(let elements)? = members[key]?.content else { return [] }
        return elements.compactMap { element in
            guard case .scalar(let scalar) = element.content else { return nil }
            return printable(scalar.text)
        }
    }

    /// A point in time: milliseconds since 1970.
    func instant(_ key: String) -> Instant? {
        guard let text = scalar(key)?.text, let milliseconds = Int64(text) else { return nil }
        let (nanoseconds, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? nil : Instant(nanoseconds: nanoseconds)
    }

    /// What must be there for the answer to mean anything.
    func required<Value>(_ key: String, _ value: Value?) throws(OperatorError) -> Value {
        if let value { return value }
        throw Self.failure(place, "`\(key)` is missing or not what it should be")
    }

    /// A list that must be there, for an empty one says something else than none.
    func requiredObjects(_ key: String) throws(OperatorError) -> [Answer] {
        guard case .sequence? = members[key]?.content else {
            throw Self.failure(place, "`\(key)` is missing or no list")
        }
        return objects(key)
    }
}

extension JSONValue {
    /// The value that was read, to be written again.
    init(_ node: Node) {
        switch node.content {
        case .mapping(let entries):
            self = .object(
                Dictionary(
                    entries.map { ($0.key, JSONValue($0.value)) }, uniquingKeysWith: { $1 }))
        case .sequence(let elements): self = .array(elements.map { JSONValue($0) })
        case .scalar(let scalar):
            if scalar.isQuoted {
                self = .string(scalar.text)
            } else if let integer = Int64(scalar.text) {
                self = .integer(integer)
            } else {
                switch scalar.text {
                case "true": self = .bool(true)
                case "false": self = .bool(false)
                case "null": self = .null
                // A number with a fraction: the aggregator writes none.
                default: self = .string(scalar.text)
                }
            }
        }
    }

    /// The same object with more members.
    func adding(_ others: [String: JSONValue]) -> JSONValue {
        guard case .object(let members) = self else { return .object(others) }
        return .object(members.merging(others) { _, new in new })
    }
}
