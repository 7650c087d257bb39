import Documents

/// The part of JSON Schema that docs/asyncapi.yaml uses, and a judge of values by it. A keyword that
/// it does not know is a fault of the document, so nothing there is only for show.
///
/// Stricter than JSON Schema in one thing: a member that no `properties` or `additionalProperties`
/// describes is a fault. Readers ignore such members, but nobody here may write one.
struct MessageSchema {
    private let root: Node
    private(set) var faults: [String] = []

    private static let annotations: Set = [
        "description", "title", "contentMediaType", "$ref", "type", "required", "properties",
        "additionalProperties", "maxProperties", "items", "maxItems", "const", "enum", "minimum",
        "maximum", "maxLength", "pattern",
    ]

    init(_ root: Node) { self.root = root }

    /// The faults of `value`, held against what stands at `pointer` (`#/components/…`).
    mutating func check(_ value: Node, at pointer: String) -> [String] {
        faults = []
        guard let schema = root.at(pointer) else { return ["there is no \(pointer)"] }
        check(value, schema, "")
        return faults
    }

    private mutating func check(_ value: Node, _ schema: Node, _ place: String) {
        for key in schema.keys where !Self.annotations.contains(key) {
            faults.append("\(place): the keyword `\(key)` is not known here")
        }
        if let reference = schema["$ref"]?.scalar?.text {
            guard let target = root.at(reference) else {
                faults.append("\(place): there is no \(reference)")
                return
            }
            check(value, target, place)
            return
        }
        if let expected = schema["const"], !value.isSame(as: expected) {
            faults.append("\(place): not \(expected.scalar?.text ?? "what it must be")")
        }
        if let choices = schema["enum"]?.elements,
            !choices.contains(where: { value.isSame(as: $0) })
        {
            faults.append("\(place): none of the choices")
        }
        switch schema["type"]?.scalar?.text {
        case nil:
            if schema["const"] == nil && schema["enum"] == nil {
                faults.append("\(place): the schema says no type")
            }
        case "object": checkObject(value, schema, place)
        case "array": checkArray(value, schema, place)
        case "string": checkText(value, schema, place)
        case "integer": checkNumber(value, schema, place)
        case "boolean":
            guard let scalar = value.scalar, !scalar.isQuoted,
                ["true", "false"].contains(scalar.text)
            else { return faults.append("\(place): no truth value") }
        case let type?: faults.append("\(place): the type `\(type)` is not known here")
        }
    }

    private mutating func checkObject(_ value: Node, _ schema: Node, _ place: String) {
        guard case .mapping(let entries) = value.content else {
            return faults.append("\(place): no object")
        }
        for name in schema["required"]?.elements ?? []
        where value[name.scalar?.text ?? ""] == nil {
            faults.append("\(place)/\(name.scalar?.text ?? ""): missing")
        }
        if let most = schema.number("maxProperties"), entries.count > most {
            faults.append("\(place): more than \(most) members")
        }
        for entry in entries {
            let inner = "\(place)/\(entry.key)"
            if let described = schema["properties"]?[entry.key] {
                check(entry.value, described, inner)
            } else if let free = schema["additionalProperties"] {
                check(entry.value, free, inner)
            } else {
                faults.append("\(inner): not described")
            }
        }
    }

    private mutating func checkArray(_ value: Node, _ schema: Node, _ place: String) {
        guard let elements = value.elements else { return faults.append("\(place): no list") }
        if let most = schema.number("maxItems"), elements.count > most {
            faults.append("\(place): more than \(most) elements")
        }
        guard let described = schema["items"] else {
            return faults.append("\(place): the elements are not described")
        }
        for (index, element) in elements.enumerated() {
            check(element, described, "\(place)/\(index)")
        }
    }

    private mutating func checkText(_ value: Node, _ schema: Node, _ place: String) {
        guard let scalar = value.scalar, scalar.isQuoted else {
            return faults.append("\(place): no text")
        }
        // JSON Schema counts characters; our bounds are bytes, and stricter.
        if let most = schema.number("maxLength"), scalar.text.unicodeScalars.count > most {
            faults.append("\(place): longer than \(most)")
        }
        if let pattern = schema["pattern"]?.scalar?.text {
            guard let expression = try? Regex(pattern) else {
                return faults.append("\(place): the pattern \(pattern) is none")
            }
            if scalar.text.firstMatch(of: expression) == nil {
                faults.append("\(place): does not match \(pattern)")
            }
        }
    }

    private mutating func checkNumber(_ value: Node, _ schema: Node, _ place: String) {
        guard let scalar = value.scalar, !scalar.isQuoted, let number = Int64(scalar.text) else {
            return faults.append("\(place): no whole number")
        }
        if let least = schema.number("minimum"), number < least {
            faults.append("\(place): below \(least)")
        }
        if let most = schema.number("maximum"), number > most {
            faults.append("\(place): above \(most)")
        }
    }
}

extension Node {
    var scalar: Scalar? { if case .scalar(let scalar) = content { scalar } else { nil } }
    var elements: [Node]? { if case .sequence(let nodes) = content { nodes } else { nil } }
    var keys: [String] {
        if case .mapping(let entries) = content { entries.map(\.key) } else { [] }
    }

    subscript(key: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// `#/a/b`; none of our keys has a slash.
    func at(_ pointer: String) -> Node? {
        guard pointer.hasPrefix("#/") else { return nil }
        return pointer.dropFirst(2).split(separator: "/").reduce(self as Node?) { node, key in
            node?[String(key)]
        }
    }

    func number(_ key: String) -> Int64? { self[key]?.scalar.flatMap { Int64($0.text) } }

    /// YAML may leave the quotes of a text away; JSON never does.
    func isSame(as written: Node) -> Bool {
        guard let own = scalar, let other = written.scalar, own.text == other.text else {
            return false
        }
        return own.isQuoted || Int64(own.text) != nil
    }
}
