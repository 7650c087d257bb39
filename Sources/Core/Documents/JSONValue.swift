/// A JSON value to be written. Reading JSON gives a `Node`, which knows where each value stood.
package enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The canonical form of RFC 8785, for the values that we have: no floating point, keys in the
    /// order of their UTF-16 code units, no white space, only the escapes that are needed.
    package var canonical: String {
        var text = ""
        write(to: &text, indent: nil, level: 0)
        return text
    }

    /// The same for people: two spaces for each level.
    package var pretty: String {
        var text = ""
        write(to: &text, indent: "  ", level: 0)
        return text
    }

    private func write(to text: inout String, indent: String?, level: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.write(values.count, "[", "]", to: &text, indent, level) { index, text in
                values[index].write(to: &text, indent: indent, level: level + 1)
            }
        case .object(let members):
            let keys = members.keys.sorted(by: Self.precedes)
            Self.write(keys.count, "{", "}", to: &text, indent, level) { index, text in
                Self.write(keys[index], to: &text)
                text += indent == nil ? ":" : ": "
                (members[keys[index]] ?? .null).write(to: &text, indent: indent, level: level + 1)
            }
        }
    }

    private static func write(
        _ count: Int, _ open: String, _ close: String, to text: inout String, _ indent: String?,
        _ level: Int, element: (Int, inout String) -> Void
    ) {
        text += open
        for index in 0..<count {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: indent, count: level + 1) }
            element(index, &text)
        }
        if let indent, count > 0 { text += "\n" + String(repeating: indent, count: level) }
        text += close
    }

    /// By UTF-16 code units. For ASCII that is the order in which Swift compares texts, which is much
    /// quicker, and nearly all keys are ASCII.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let isASCII =
            left.utf8.count == left.utf16.count && right.utf8.count == right.utf16.count
        return isASCII ? left < right : left.utf16.lexicographicallyPrecedes(right.utf16)
    }

    /// Whether a text can be written as it is.
    private static func isPlain(_ value: String) -> Bool {
        for byte in value.utf8 where byte < 0x20 || byte == 0x22 || byte == 0x5c { return false }
        return true
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        defer { text += "\"" }
        if isPlain(value) {
            text += value
            return
        }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{8}": text += "\\b"
            case "\u{c}": text += "\\f"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(nilLiteral: ()) { self = .null }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
