/// Values whose names say that they are secret: `password=…`, `api key: …`, `"token": "…"`,
/// `--passphrase …`.
extension Masking {
    static func maskNamedValues(_ bytes: inout [UInt8]) {
        var ranges: [Range<Int>] = []
        var previous: Range<Int>?
        // What is a value already is no name of another.
        var next = 0
        let text = bytes
        forEachWord(in: text) { word in
            defer { previous = word }
            guard word.lowerBound >= next,
                let kind = secretKind(of: word, after: previous, in: text),
                let start = valueStart(after: word, in: text),
                let value = value(from: start, kind, in: text)
            else { return }
            ranges.append(value)
            next = value.upperBound
        }
        replace(ranges, in: &bytes)
    }

    // MARK: Names

    private enum SecretKind {
        case value
        /// The value of a header may have several words.
        case header
    }

    private static func secretKind(
        of word: Range<Int>, after previous: Range<Int>?, in bytes: [UInt8]
    ) -> SecretKind? {
        let name = letters(of: word, in: bytes)
        if ["authorization", "cookie"].contains(where: name.hasSuffix) { return .header }
        let parts = [
            "password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey",
            "accesskey", "sharedkey", "credential",
        ]
        let ends = ["pwd", "psk", "pass"]
        if parts.contains(where: name.isContaining) || ends.contains(where: name.hasSuffix) {
            return .value
        }
        // Two words of a sentence: `private key: …`.
        guard name.hasSuffix("key"), let previous, previous.upperBound + 1 == word.lowerBound,
            bytes[previous.upperBound] == 0x20
        else { return nil }
        let first = letters(of: previous, in: bytes)
        let isSecret = ["api", "private", "access", "shared"].contains(where: first.hasSuffix)
        return isSecret ? .value : nil
    }

    /// A name without what people write between its parts. Only its end counts: nobody's names are
    /// longer.
    private static func letters(of word: Range<Int>, in bytes: [UInt8]) -> Name {
        Name(
            bytes: bytes[word].suffix(64).map(lowercased).filter {
                $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".")
            })
    }

    private struct Name {
        var bytes: [UInt8]

        func hasSuffix(_ text: String) -> Bool {
            text.utf8.count <= bytes.count && bytes.suffix(text.utf8.count).elementsEqual(text.utf8)
        }

        func isContaining(_ text: String) -> Bool {
            guard text.utf8.count <= bytes.count else { return false }
            return (0...(bytes.count - text.utf8.count)).contains {
                bytes[$0...].starts(with: text.utf8)
            }
        }
    }

    // MARK: Values

    /// Where the value of a name begins; nil where none follows.
    private static func valueStart(after word: Range<Int>, in bytes: [UInt8]) -> Int? {
        var place = word.upperBound
        // The end of a quoted name, perhaps escaped.
        place = skip(from: place, atMost: 8, in: bytes) { $0 == UInt8(ascii: "\\") }
        if place < bytes.count, isQuote(bytes[place]) {
            place += 1
        } else if place > word.upperBound {
            return nil
        }
        let separator = skip(from: place, atMost: 8, in: bytes, while: isBlank)
        guard separator < bytes.count else { return nil }
        if bytes[separator] == UInt8(ascii: "=") || bytes[separator] == UInt8(ascii: ":") {
            let isInPath = word.lowerBound > 0 && bytes[word.lowerBound - 1] == UInt8(ascii: "/")
            let end = skip(from: separator, atMost: 3, in: bytes) {
                $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ">")
            }
            let start = skip(from: end, atMost: bytes.count, in: bytes, while: isBlank)
            // `/etc/passwd: permission denied` is about a file.
            let isAboutFile = isInPath && bytes[separator] == UInt8(ascii: ":")
            return isAboutFile || start == bytes.count ? nil : start
        }
        // `--password abc`
        let isOption = has("--", at: word.lowerBound, in: bytes)
        guard isOption, separator > word.upperBound, bytes[separator] != UInt8(ascii: "-") else {
            return nil
        }
        return separator
    }

    private static func value(
        from start: Int, _ kind: SecretKind, in bytes: [UInt8]
    ) -> Range<Int>? {
        let start = blockStart(from: start, in: bytes)
        let slashes = skip(from: start, atMost: 8, in: bytes) { $0 == UInt8(ascii: "\\") }
        if slashes < bytes.count, isQuote(bytes[slashes]) {
            let opening = slashes + 1
            if isNamedValue(at: opening, in: bytes) { return nil }
            let end = quotedEnd(from: opening, escapes: slashes - start, in: bytes)
            return opening < end ? opening..<end : nil
        }
        return plain(from: start, kind, in: bytes)
    }

    /// In YAML a value may begin behind a `|` and a line end.
    private static func blockStart(from start: Int, in bytes: [UInt8]) -> Int {
        guard bytes[start] == UInt8(ascii: "|") || bytes[start] == UInt8(ascii: ">") else {
            return start
        }
        let header = skip(from: start, atMost: 4, in: bytes) { !isBlank($0) }
        let next = skip(from: header, atMost: bytes.count, in: bytes, while: isBlank)
        return header - start < 4 && next < bytes.count ? next : start
    }

    /// Whether what looks like a value is the name of one itself: `bad token: password: abc`.
    private static func isNamedValue(at start: Int, in bytes: [UInt8]) -> Bool {
        guard start < bytes.count, isWordByte(bytes[start]) else { return false }
        let word = start..<(bytes[start...].firstIndex { !isWordByte($0) } ?? bytes.count)
        return secretKind(of: word, after: nil, in: bytes) != nil
            && valueStart(after: word, in: bytes) != nil
    }

    /// To a quote that is escaped no more than the one that opened; else to the end of all.
    private static func quotedEnd(from opening: Int, escapes: Int, in bytes: [UInt8]) -> Int {
        let quote = bytes[opening - 1]
        var slashes = 0
        for place in opening..<bytes.count {
            if bytes[place] == UInt8(ascii: "\\") {
                slashes += 1
                continue
            }
            if bytes[place] == quote {
                if escapes == 0, slashes % 2 == 0 { return place }
                if escapes > 0, slashes <= escapes { return place - slashes }
            }
            slashes = 0
        }
        return bytes.count
    }

    /// A value without quotes ends at a blank or a quote, and not with what ends a sentence or a list.
    private static func plain(
        from start: Int, _ kind: SecretKind, in bytes: [UInt8]
    ) -> Range<Int>? {
        if isNamedValue(at: start, in: bytes) { return nil }
        var end = wordEnd(from: start, in: bytes)
        if kind == .header { end = headerEnd(from: start, firstEnd: end, in: bytes) }
        while end > start, isClosing(bytes[end - 1]) { end -= 1 }
        return start < end ? start..<end : nil
    }

    /// A scheme takes the word behind it along, and a list goes on behind its commas.
    private static func headerEnd(from start: Int, firstEnd: Int, in bytes: [UInt8]) -> Int {
        let first = bytes[start..<firstEnd]
        var mayGoOn = first.count <= 16 && first.allSatisfy(isWordByte)
        var end = firstEnd
        while true {
            let last = end > start ? bytes[end - 1] : 0
            guard mayGoOn || last == UInt8(ascii: ",") || last == UInt8(ascii: ";") else {
                return end
            }
            mayGoOn = false
            let next = skip(from: end, atMost: 4, in: bytes, while: isBlank)
            let nextEnd = wordEnd(from: next, in: bytes)
            guard next > end, nextEnd > next else { return end }
            end = nextEnd
        }
    }

    private static func wordEnd(from start: Int, in bytes: [UInt8]) -> Int {
        bytes[start...].firstIndex { isBlank($0) || isQuote($0) || $0 == UInt8(ascii: "&") }
            ?? bytes.count
    }

    private static func isClosing(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ")"), UInt8(ascii: "]"),
            UInt8(ascii: "}"):
            true
        default: false
        }
    }

    private static func skip(
        from start: Int, atMost count: Int, in bytes: [UInt8], while isSkipped: (UInt8) -> Bool
    ) -> Int {
        var place = start
        while place < bytes.count, place - start < count, isSkipped(bytes[place]) { place += 1 }
        return place
    }
}
