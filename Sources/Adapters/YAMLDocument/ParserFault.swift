internal import Documents

/// Why libyaml could not go on, in its own words.
struct ParserFault: Error {
    var problem: String
    /// The number of the character at which it noticed.
    var character: Int
    /// What it was doing, and since where: for an unclosed quote that is the quote.
    var context: String?
    var contextCharacter: Int

    /// The same in words that tell a person what to change.
    func explained(in source: SourceText) -> InvalidDocument {
        if let explanation = explanation(of: byte(in: source)) {
            let place = explanation.atContext ? contextCharacter : character
            return source.failure(
                atCharacter: place, explanation.message, fix: explanation.fix)
        }
        let message = context.map { "\(problem) \($0)" } ?? problem
        return source.failure(
            atCharacter: character, "this is not valid YAML: \(message)",
            fix: "Check quotes, brackets and indentation here and in the lines above.")
    }

    private func byte(in source: SourceText) -> UInt8? {
        let offset = source.offset(ofCharacter: character)
        return offset < source.bytes.count ? source.bytes[offset] : nil
    }

    private func explanation(of byte: UInt8?) -> Explanation? {
        if problem == "found character that cannot start any token" {
            return byte == UInt8(ascii: "\t") ? .tab : .reservedCharacter
        }
        return Explanation.table.first {
            $0.problem == problem && ($0.context == nil || $0.context == context)
        }?.explanation
    }
}

private struct Explanation {
    var message: String
    var fix: String
    /// Whether the place to look at is where libyaml's construct began.
    var atContext = false

    static let tab = Explanation(
        message: "a tab can't be used to indent or to begin a value", fix: "Use spaces.")
    static let reservedCharacter = Explanation(
        message: "a value can't begin with this character",
        fix: "Put the whole value in quotes.")
    static let unclosedQuote = Explanation(
        message: "the quote that is opened here is never closed",
        fix: "Close it; an apostrophe inside single quotes is written twice.", atContext: true)
    static let badIndentation = Explanation(
        message: "this line fits neither the mapping nor the list that it stands in",
        fix:
            "Indent it exactly like the lines it belongs to; text after a closing quote or bracket is not allowed."
    )
    static let badEscape = Explanation(
        message: "this is not an escape that double quotes know",
        fix: "Use single quotes, or write each backslash twice.")
    static let needsQuotes = Explanation(
        message: "a value that begins with `*` or `&` is taken for an alias or an anchor",
        fix: "Put the whole value in quotes.", atContext: true)
    static let badTag = Explanation(
        message: "a value that begins with `!` is taken for a tag, which is not supported",
        fix: "Put the whole value in quotes.", atContext: true)

    /// libyaml's problems, as version 0.2.5 words them; a nil context stands for any.
    static let table: [(problem: String, context: String?, explanation: Explanation)] = [
        ("found a tab character where an indentation space is expected", nil, tab),
        ("found a tab character that violates indentation", nil, tab),
        ("found a tab character where an intendation space is expected", nil, tab),
        ("found unexpected end of stream", "while scanning a quoted scalar", unclosedQuote),
        ("found unexpected document indicator", "while scanning a quoted scalar", unclosedQuote),
        ("did not find expected key", nil, badIndentation),
        ("did not find expected '-' indicator", nil, badIndentation),
        ("found unknown escape character", nil, badEscape),
        ("did not find expected hexdecimal number", nil, badEscape),
        ("found invalid Unicode character escape code", nil, badEscape),
        (
            "did not find expected alphabetic or numeric character", "while scanning an alias",
            needsQuotes
        ),
        (
            "did not find expected alphabetic or numeric character", "while scanning an anchor",
            needsQuotes
        ),
        ("found undefined tag handle", nil, badTag),
        ("did not find expected '!'", nil, badTag),
        ("did not find expected tag URI", nil, badTag),
        ("did not find expected whitespace or line break", "while scanning a tag", badTag),
        (
            "mapping values are not allowed in this context", nil,
            Explanation(
                message: "a colon is not expected here",
                fix:
                    "Put the value in quotes where the colon belongs to it; else indent the line like its neighbours."
            )
        ),
        (
            "block sequence entries are not allowed in this context", nil,
            Explanation(
                message: "a list can't begin here",
                fix: "Begin it on a line of its own below the key, with `- ` before each element.")
        ),
        (
            "could not find expected ':'", nil,
            Explanation(
                message: "this line has no `key: value`",
                fix: "Write a colon and a space after the key, or indent the line as text.",
                atContext: true)
        ),
        (
            "did not find expected ',' or ']'", nil,
            Explanation(
                message: "the `[` that is opened here is not closed properly",
                fix: "Separate the elements with commas and close it with `]`.", atContext: true)
        ),
        (
            "did not find expected ',' or '}'", nil,
            Explanation(
                message: "the `{` that is opened here is not closed properly",
                fix: "Separate the entries with commas and close it with `}`.", atContext: true)
        ),
        (
            "did not find expected node content", nil,
            Explanation(
                message: "a value is missing here",
                fix: "Write the value, or remove the comma or bracket before it.")
        ),
        (
            "did not find expected <document start>", nil,
            Explanation(
                message: "this stands outside the document",
                fix: "Indent it like the lines it belongs to, or remove it.")
        ),
        (
            "did not find expected comment or line break", "while scanning a block scalar",
            Explanation(
                message: "text stands behind the `|` or `>` that begins a block",
                fix: "Begin the text on the next line, indented.")
        ),
    ]
}
