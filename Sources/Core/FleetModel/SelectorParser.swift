/// Reads a selector's text. The grammar is that of `labels.Parse` in Kubernetes' apimachinery,
/// without `<` and `>`, which compare numbers.
struct SelectorParser {
    private enum Token: Equatable {
        case word(String)
        case symbol(String)
        case end

        var shown: String {
            switch self {
            case .word(let text), .symbol(let text): quoted(text)
            case .end: "the end"
            }
        }
    }

    private var tokens: [(token: Token, offset: Int)] = []
    private var next = 0

    init(_ text: String) throws(TextFault) {
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            let length: Int
            if Self.isSpace(byte) {
                at += 1
                continue
            } else if Self.isSymbol(byte) {
                let isPair =
                    at + 1 < bytes.count && bytes[at + 1] == UInt8(ascii: "=")
                    && (byte == UInt8(ascii: "=") || byte == UInt8(ascii: "!"))
                length = isPair ? 2 : 1
                let symbol = String(decoding: bytes[at..<at + length], as: UTF8.self)
                guard symbol != "<", symbol != ">" else {
                    throw TextFault(
                        "selectors can't compare with `\(symbol)`",
                        fix: "Use `=`, `!=`, `in (…)` or `notin (…)`.", offset: at)
                }
                tokens.append((.symbol(symbol), at))
            } else {
                length = bytes[at...].prefix { !Self.isSpace($0) && !Self.isSymbol($0) }.count
                tokens.append(
                    (.word(String(decoding: bytes[at..<at + length], as: UTF8.self)), at))
            }
            at += length
        }
        tokens.append((.end, bytes.count))
    }

    mutating func parse() throws(TextFault) -> [Selector.Requirement] {
        if peek == .end { return [] }
        var requirements: [Selector.Requirement] = []
        while true {
            requirements.append(try requirement())
            let (token, offset) = take()
            if token == .end { return requirements }
            guard token == .symbol(",") else {
                throw TextFault(
                    "the selector goes on with \(token.shown) where a comma or its end should be",
                    fix: "Join requirements with commas: `role=gateway, site=berlin`.",
                    offset: offset)
            }
        }
    }

    private mutating func requirement() throws(TextFault) -> Selector.Requirement {
        if peek == .symbol("!") {
            _ = take()
            return Selector.Requirement(key: try key(), condition: .isAbsent)
        }
        let key = try key()
        let condition: Selector.Condition
        switch peek {
        case .end, .symbol(","):
            condition = .exists
        case .symbol("="), .symbol("=="):
            _ = take()
            condition = .isOneOf([try exactValue()])
        case .symbol("!="):
            _ = take()
            condition = .isNoneOf([try exactValue()])
        case .word("in"):
            _ = take()
            condition = .isOneOf(try valueList(after: "in"))
        case .word("notin"):
            _ = take()
            condition = .isNoneOf(try valueList(after: "notin"))
        default:
            let (token, offset) = take()
            throw TextFault(
                "after the key `\(key)` stands \(token.shown) and no operator",
                fix: "Use `=`, `!=`, `in (…)`, `notin (…)`, or a comma.", offset: offset)
        }
        return Selector.Requirement(key: key, condition: condition)
    }

    private mutating func key() throws(TextFault) -> String {
        let (token, offset) = take()
        guard case .word(let key) = token else {
            throw TextFault(
                "a label key should stand where \(token.shown) is",
                fix: "Write `key`, `!key`, `key=value` or `key in (value, value)`.", offset: offset)
        }
        do throws(TextFault) {
            try LabelSyntax.checkKey(key)
        } catch {
            throw TextFault(error.message, fix: error.fix, offset: offset)
        }
        return key
    }

    /// One value; nothing before a comma or the end is the empty value.
    private mutating func exactValue() throws(TextFault) -> String {
        if peek == .end || peek == .symbol(",") { return "" }
        return try value()
    }

    private mutating func value() throws(TextFault) -> String {
        let (token, offset) = take()
        guard case .word(let value) = token else {
            throw TextFault(
                "a label value should stand where \(token.shown) is",
                fix: "Write a value, such as `role=gateway`.", offset: offset)
        }
        do throws(TextFault) {
            try LabelSyntax.checkValue(value)
        } catch {
            throw TextFault(error.message, fix: error.fix, offset: offset)
        }
        return value
    }

    /// `(a, b)`, sorted and without doubles. A place between commas may be empty and then means the
    /// empty value, but there must be something.
    private mutating func valueList(after operation: String) throws(TextFault) -> [String] {
        let (open, offset) = take()
        guard open == .symbol("("), peek != .symbol(")") else {
            throw TextFault(
                "after `\(operation)` a list of values must follow",
                fix: "Write `\(operation) (value, value)`.", offset: offset)
        }
        var values: Set<String> = []
        while true {
            values.insert(peek == .symbol(",") || peek == .symbol(")") ? "" : try value())
            let (token, offset) = take()
            if token == .symbol(")") { return values.sorted(by: byBytes) }
            guard token == .symbol(",") else {
                throw TextFault(
                    "in a list of values stands \(token.shown) where a comma or `)` should be",
                    fix: "Write `\(operation) (value, value)`.", offset: offset)
            }
        }
    }

    private var peek: Token { tokens[next].token }

    /// The end is never passed.
    private mutating func take() -> (token: Token, offset: Int) {
        defer { if next < tokens.count - 1 { next += 1 } }
        return tokens[next]
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    private static func isSymbol(_ byte: UInt8) -> Bool { "=!(),<>".utf8.contains(byte) }
}
