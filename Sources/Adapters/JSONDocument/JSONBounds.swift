internal import Documents
internal import FleetModel

/// Looks over a text before jansson does: jansson recurses 2,048 deep and builds a value for every
/// two bytes, and both are more than a device should spend on a text it has not yet understood.
enum JSONBounds {
    static func check(
        _ bytes: [UInt8], file: String, depth depthLimit: Int
    ) throws(InvalidDocument) {
        var depth = 0
        // Every value but the first comes after a comma or as the first of its collection.
        var values = 1
        var isInText = false
        var isEscaped = false
        for (offset, byte) in bytes.enumerated() {
            // jansson takes it for the end of the text, and whatever follows would go unseen.
            if byte == 0 {
                throw failure(
                    atByte: offset, of: bytes, file: file, "a NUL byte stands in the text",
                    fix: "Remove it, or the whole file: a crash may have damaged it.")
            }
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                values += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","): values += 1
            default: continue
            }
            guard depth <= depthLimit, values <= Limits.recordValues else {
                let what =
                    depth > depthLimit
                    ? "arrays and objects are nested more than \(depthLimit) deep"
                    : "there are more than \(Limits.recordValues) values"
                throw failure(
                    atByte: offset, of: bytes, file: file, what,
                    fix: "Remove the file; what is written here never becomes like that.")
            }
        }
    }

    private static func failure(
        atByte offset: Int, of bytes: [UInt8], file: String, _ message: String, fix: String
    ) -> InvalidDocument {
        let place = position(ofByte: offset, in: bytes)
        return InvalidDocument(
            Diagnostic(file: file, position: place, message: message, fix: fix))
    }

    static func position(ofByte offset: Int, in bytes: [UInt8]) -> SourcePosition {
        let before = bytes.prefix(offset)
        let line = before.count { $0 == 0x0a } + 1
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        return SourcePosition(line: line, column: before.count - lineStart + 1)
    }
}
