internal import Documents

/// A document's text, found to be clean UTF-8, and where its lines and characters lie.
///
/// libyaml counts characters where a `SourcePosition` counts bytes, and it takes more things for a
/// line break than editors do. Those other breaks are refused here, so that both agree.
struct SourceText {
    /// Without the byte-order mark that Windows editors put in front.
    let bytes: [UInt8]
    let file: String
    /// The offsets at which lines begin.
    private var lineStarts: [Int] = [0]
    /// The offset of each character whose number is a multiple of `stride`.
    private var landmarks: [Int] = []
    private static let stride = 256

    init(_ bytes: [UInt8], file: String) throws(InvalidDocument) {
        let marked = bytes.starts(with: [0xef, 0xbb, 0xbf])
        self.bytes = marked ? Array(bytes.dropFirst(3)) : bytes
        self.file = file
        try scan()
    }

    private mutating func scan() throws(InvalidDocument) {
        var offset = 0
        var character = 0
        while offset < bytes.count {
            if character % Self.stride == 0 { landmarks.append(offset) }
            guard let (scalar, length) = UTF8Decoder.scalar(in: bytes, at: offset) else {
                throw invalidEncoding(at: offset)
            }
            try check(scalar, at: offset)
            offset += length
            character += 1
            if scalar == 0x0a { lineStarts.append(offset) }
        }
    }

    /// What a person does not see, or takes for something else, has no place in reviewed text.
    private func check(_ scalar: UInt32, at offset: Int) throws(InvalidDocument) {
        switch scalar {
        case 0x25 where offset == lineStarts.last:
            // Two thousand directives would also cost libyaml four million comparisons.
            throw failure(
                atByte: offset, "a line begins with `%`, which YAML takes for a directive",
                fix: "Remove it; where it is part of a text, indent it.")
        case 0x0d where offset + 1 < bytes.count && bytes[offset + 1] == 0x0a: return
        case 0x09, 0x0a, 0x20...0x7e, 0xa0...0x2027, 0x202a...0xd7ff, 0xe000...0xfefe,
            0xff00...0xfffd, 0x10000...0x10ffff:
            return
        case 0x0d:
            throw failure(
                atByte: offset, "a carriage return stands alone, without a line feed",
                fix: "Save the file with Unix line endings.")
        case 0xfeff:
            throw failure(
                atByte: offset, "a byte-order mark stands inside the text",
                fix: "Remove it; it is invisible in most editors.")
        default:
            let digits = String(scalar, radix: 16, uppercase: true)
            let padding = String(repeating: "0", count: max(0, 4 - digits.utf8.count))
            throw failure(
                atByte: offset, "the control character U+\(padding)\(digits) is not allowed",
                fix: "Remove it; it is invisible in most editors.")
        }
    }

    private func invalidEncoding(at offset: Int) -> InvalidDocument {
        if offset == 0, bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
            return failure(
                atByte: 0, "the file is UTF-16, not UTF-8", fix: "Save the file as UTF-8.")
        }
        let byte = String(bytes[offset], radix: 16)
        return failure(
            atByte: offset, "the byte 0x\(byte) here is not valid UTF-8",
            fix: "Save the file as UTF-8; a binary file does not belong here.")
    }

    // MARK: Positions

    func failure(atByte offset: Int, _ message: String, fix: String) -> InvalidDocument {
        InvalidDocument(
            Diagnostic(
                file: file, position: position(ofByte: offset), message: message, fix: fix))
    }

    func failure(atCharacter character: Int, _ message: String, fix: String) -> InvalidDocument {
        failure(atByte: offset(ofCharacter: character), message, fix: fix)
    }

    func position(ofCharacter character: Int) -> SourcePosition {
        position(ofByte: offset(ofCharacter: character))
    }

    /// The byte at which a character begins; the end of the text for what lies beyond.
    func offset(ofCharacter character: Int) -> Int {
        let landmark = character / Self.stride
        guard character >= 0, landmark < landmarks.count else { return bytes.count }
        var offset = landmarks[landmark]
        for _ in 0..<(character % Self.stride) where offset < bytes.count {
            offset += UTF8Decoder.length(ofLead: bytes[offset])
        }
        return min(offset, bytes.count)
    }

    func position(ofByte offset: Int) -> SourcePosition {
        // The last line that begins at or before the offset.
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return SourcePosition(line: low + 1, column: offset - lineStarts[low] + 1)
    }
}
