/// Reads one mapping of a document, key by key, and collects everything that is wrong in it.
///
/// Each accessor marks its key as known; `finish()` reports the keys that nobody asked for, with
/// the known key that is nearest in spelling. Nothing throws, so one pass finds all faults.
package struct MappingReader {
    package let file: String
    package let node: Node
    /// Otherwise that alone is reported, and no key as missing.
    package let isMapping: Bool
    private let entries: [Node.Entry]
    private var known: [String] = []
    package private(set) var diagnostics: [Diagnostic] = []

    /// `what` names the thing in messages: "the bundle", "a file entry".
    package init(_ node: Node, file: String, what: String) {
        self.file = file
        self.node = node
        switch node.content {
        case .mapping(let entries):
            isMapping = true
            self.entries = entries
        case .scalar(let scalar) where scalar.isNull:
            isMapping = true
            entries = []
        default:
            isMapping = false
            entries = []
            report(
                at: node.position,
                "\(what) must be a mapping of keys to values, and this is \(node.kind)",
                fix: "Write it as `key: value` lines.")
        }
    }

    package var keys: [String] { entries.map(\.key) }

    package mutating func report(at position: SourcePosition?, _ message: String, fix: String) {
        diagnostics.append(
            Diagnostic(file: file, position: position, message: message, fix: fix))
    }

    package mutating func take(_ others: [Diagnostic]) { diagnostics += others }

    /// The value of `key`, or nil where it is missing or null.
    package mutating func node(_ key: String) -> Node? {
        if !known.contains(key) { known.append(key) }
        guard let value = entries.first(where: { $0.key == key })?.value else { return nil }
        if case .scalar(let scalar) = value.content, scalar.isNull { return nil }
        return value
    }

    package mutating func requiredNode(_ key: String) -> Node? {
        if let value = node(key) { return value }
        if isMapping {
            report(at: node.position, "`\(key)` is missing", fix: "Add `\(key): …`.")
        }
        return nil
    }

    /// A text: any single value, as it was written.
    package mutating func text(_ key: String) -> (value: String, position: SourcePosition)? {
        guard let value = node(key) else { return nil }
        guard case .scalar(let scalar) = value.content else {
            report(
                at: value.position, "`\(key)` must be a text, and this is \(value.kind)",
                fix: "Write `\(key): some text`.")
            return nil
        }
        return (scalar.text, value.position)
    }

    package mutating func requiredText(_ key: String) -> (value: String, position: SourcePosition)?
    {
        guard requiredNode(key) != nil else { return nil }
        return text(key)
    }

    package mutating func bool(_ key: String) -> Bool? {
        guard let (text, position) = text(key) else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default:
            report(
                at: position, "`\(key)` must be true or false, not `\(text)`",
                fix: "Write `\(key): true`.")
            return nil
        }
    }

    /// A whole number within `range`.
    package mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let (text, position) = text(key) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            report(
                at: position,
                "`\(key)` must be a whole number from \(range.lowerBound) to \(range.upperBound), not `\(text)`",
                fix: "Write `\(key): \(range.lowerBound)`, for example.")
            return nil
        }
        return value
    }

    /// A time span such as `500ms`, `10s`, `5m`, `2h`, `1d`.
    package mutating func duration(_ key: String) -> Duration? {
        guard let (text, position) = text(key) else { return nil }
        guard let value = Duration(flotillaText: text) else {
            report(
                at: position, "`\(key)` must be a time span, not `\(text)`",
                fix: "Write a whole number and a unit: 500ms, 10s, 5m, 2h or 1d.")
            return nil
        }
        return value
    }

    /// One of a few words; `allowed` are the raw values in the order in which to name them.
    package mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of type: Choice.Type = Choice.self
    ) -> Choice? {
        guard let (text, position) = text(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        report(at: position, "`\(key)` can't be `\(text)`", fix: "Use one of: \(words).")
        return nil
    }

    /// The elements of a list; a missing key is an empty list.
    package mutating func list(_ key: String) -> [Node] {
        guard let value = node(key) else { return [] }
        guard case .sequence(let elements) = value.content else {
            report(
                at: value.position, "`\(key)` must be a list, and this is \(value.kind)",
                fix: "Write each element on a line of its own that starts with `- `.")
            return []
        }
        return elements
    }

    package mutating func texts(_ key: String) -> [(value: String, position: SourcePosition)] {
        list(key).compactMap { element in
            if case .scalar(let scalar) = element.content { return (scalar.text, element.position) }
            report(
                at: element.position,
                "each element of `\(key)` must be a text, and this is \(element.kind)",
                fix: "Write `- some text`.")
            return nil
        }
    }

    /// The entries of a mapping whose keys are free; a missing key is an empty mapping.
    package mutating func mapping(_ key: String) -> [Node.Entry] {
        guard let value = node(key) else { return [] }
        guard case .mapping(let entries) = value.content else {
            report(
                at: value.position,
                "`\(key)` must be a mapping of names to values, and this is \(value.kind)",
                fix: "Write `name: value` lines below `\(key):`.")
            return []
        }
        return entries
    }

    /// Reports the keys that no accessor asked for.
    package mutating func finish() {
        for entry in entries where !known.contains(entry.key) {
            let nearest = known.min { editDistance($0, entry.key) < editDistance($1, entry.key) }
            let fix =
                if let nearest, editDistance(nearest, entry.key) <= 2 {
                    "Did you mean `\(nearest)`?"
                } else {
                    "Remove it; the keys here are: \(known.joined(separator: ", "))."
                }
            report(at: entry.keyPosition, "unknown key `\(entry.key)`", fix: fix)
        }
    }
}

/// Levenshtein's distance in bytes, for suggestions only.
package func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8.prefix(64))
    let right = Array(right.utf8.prefix(64))
    var row = Array(0...right.count)
    for (index, byte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let substituted = diagonal + (right[column] == byte ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
