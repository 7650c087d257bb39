internal import Documents
internal import FleetModel

/// Builds the tree of nodes from libyaml's events, and refuses what we do not take of YAML.
struct NodeComposer: ~Copyable {
    private var events: EventReader
    private let source: SourceText
    private var nodes = 0

    init(_ source: SourceText) {
        self.source = source
        events = EventReader(source.bytes)
    }

    /// The one document of the text.
    mutating func document() throws(InvalidDocument) -> Node {
        _ = try next()
        guard try next().kind == .documentStart else {
            return Node(
                .scalar(.init(text: "", isQuoted: false)), at: SourcePosition(line: 1, column: 1))
        }
        let root = try node(try next(), depth: 1)
        _ = try next()
        let end = try next()
        guard end.kind == .streamEnd else {
            throw source.failure(
                atCharacter: end.character, "a second document begins here",
                fix: "Keep one document in a file: remove the `---` line or move what follows.")
        }
        return root
    }

    private mutating func next() throws(InvalidDocument) -> Event {
        do throws(ParserFault) {
            return try events.next()
        } catch {
            throw error.explained(in: source)
        }
    }

    // MARK: Nodes

    /// The node that begins with `event`; `depth` counts the collections around it and itself.
    private mutating func node(_ event: Event, depth: Int) throws(InvalidDocument) -> Node {
        try checkPlain(event)
        try count(event)
        let position = source.position(ofCharacter: event.character)
        switch event.kind {
        case .scalar(let text, let isPlain):
            try checkText(text, event)
            return Node(.scalar(.init(text: text, isQuoted: !isPlain)), at: position)
        case .sequenceStart:
            try checkDepth(depth, event)
            return Node(.sequence(try elements(depth: depth)), at: position)
        case .mappingStart:
            try checkDepth(depth, event)
            return Node(.mapping(try entries(depth: depth)), at: position)
        case .alias(let name):
            throw source.failure(
                atCharacter: event.character, "the alias `*\(excerpt(name))` is not supported",
                fix: "Write the value out here; where `*` begins a text, put it in quotes.")
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            fatalError("libyaml ended a collection that it had not begun")
        }
    }

    private mutating func elements(depth: Int) throws(InvalidDocument) -> [Node] {
        var elements: [Node] = []
        while true {
            let event = try next()
            if event.kind == .sequenceEnd { return elements }
            elements.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func entries(depth: Int) throws(InvalidDocument) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        var places: [String: SourcePosition] = [:]
        while true {
            let event = try next()
            if event.kind == .mappingEnd { return entries }
            let key = try key(event)
            let position = source.position(ofCharacter: event.character)
            if let first = places.updateValue(position, forKey: key) {
                throw source.failure(
                    atCharacter: event.character,
                    "the key `\(excerpt(key))` is here twice, first at line \(first.line), column \(first.column)",
                    fix: "Remove one of the two, or merge their values.")
            }
            let value = try node(try next(), depth: depth + 1)
            entries.append(Node.Entry(key: key, keyPosition: position, value: value))
        }
    }

    private mutating func key(_ event: Event) throws(InvalidDocument) -> String {
        try checkPlain(event)
        try count(event)
        switch event.kind {
        case .scalar("<<", isPlain: true):
            throw source.failure(
                atCharacter: event.character, "the merge key `<<` is not supported",
                fix: "Write the merged keys out here.")
        case .scalar("", isPlain: true):
            throw source.failure(
                atCharacter: event.character, "a key is missing before the colon",
                fix: "Write `key: value`.")
        case .scalar(let text, _):
            try checkText(text, event)
            return text
        case .alias:
            throw source.failure(
                atCharacter: event.character, "an alias can't be a key", fix: "Write the key out.")
        default:
            throw source.failure(
                atCharacter: event.character, "a list or a mapping can't be a key",
                fix:
                    "Use a text as key; where this is a `{{ name }}`, put the whole value in quotes."
            )
        }
    }

    // MARK: Checks

    private func checkPlain(_ event: Event) throws(InvalidDocument) {
        if let anchor = event.anchor {
            throw source.failure(
                atCharacter: event.character, "the anchor `&\(excerpt(anchor))` is not supported",
                fix: "Write the value out wherever it is needed.")
        }
        if let tag = event.tag {
            throw source.failure(
                atCharacter: event.character, "the tag `\(excerpt(tag))` is not supported",
                fix: "Write the value without it; where `!` begins a text, put it in quotes.")
        }
    }

    /// Escapes in double quotes can spell what the text itself must not contain.
    private func checkText(_ text: String, _ event: Event) throws(InvalidDocument) {
        for byte in text.utf8 where byte < 0x20 || byte == 0x7f {
            if byte == 0x09 || byte == 0x0a || byte == 0x0d { continue }
            throw source.failure(
                atCharacter: event.character, "this text has a control character in it",
                fix: "Remove the escape (such as `\\0`, `\\a` or `\\x1b`) that makes it.")
        }
    }

    private func checkDepth(_ depth: Int, _ event: Event) throws(InvalidDocument) {
        guard depth > Limits.yamlDepth else { return }
        throw source.failure(
            atCharacter: event.character,
            "lists and mappings are nested more than \(Limits.yamlDepth) deep",
            fix: "Flatten the structure.")
    }

    private mutating func count(_ event: Event) throws(InvalidDocument) {
        nodes += 1
        guard nodes > Limits.documentNodes else { return }
        throw source.failure(
            atCharacter: event.character,
            "the document has more than \(Limits.documentNodes) keys and values",
            fix: "Split it into several files.")
    }
}

/// A name from outside, short enough for a message.
func excerpt(_ text: String) -> String {
    text.unicodeScalars.count <= 60 ? text : String(text.unicodeScalars.prefix(60)) + "…"
}
