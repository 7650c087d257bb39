/// Takes secrets out of a text that somebody else wrote, before it is kept or told: what a failing
/// check or validator says may quote the configuration that it was given.
///
/// It knows shapes, not secrets, so it is a net below those who should not print them, and no
/// promise. Where it is in doubt it hides too much. Each pass looks at every byte a bounded number of
/// times, and what was masked once is left alone by the next.
package enum Masking {
    /// What stands where a secret stood.
    static let mask = Array("***".utf8)

    package static func masked(_ text: String) -> String {
        var bytes = Array(text.utf8)
        // Long ones first: a block that is cut in pieces by another pass is no block any more.
        maskPrivateKeys(&bytes)
        maskKnownTokens(&bytes)
        maskURLCredentials(&bytes)
        maskSchemes(&bytes)
        maskNamedValues(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Replaces ranges, which are in order and don't overlap.
    static func replace(_ ranges: [Range<Int>], in bytes: inout [UInt8]) {
        if ranges.isEmpty { return }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var next = 0
        for range in ranges {
            result += bytes[next..<range.lowerBound]
            result += mask
            next = range.upperBound
        }
        result += bytes[next...]
        bytes = result
    }

    // MARK: Bytes

    static func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    static func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "`")
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
    }

    /// Whether `bytes` go on with `text` at `place`, whatever its case.
    static func has(_ text: StaticString, at place: Int, in bytes: [UInt8]) -> Bool {
        let end = place + text.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        return text.withUTF8Buffer { pattern in
            zip(bytes[place..<end], pattern).allSatisfy { lowercased($0) == lowercased($1) }
        }
    }

    /// Words one after the other: whatever is no word byte parts them.
    static func forEachWord(in bytes: [UInt8], _ body: (Range<Int>) -> Void) {
        var place = 0
        while place < bytes.count {
            guard isWordByte(bytes[place]) else {
                place += 1
                continue
            }
            let end = bytes[place...].firstIndex { !isWordByte($0) } ?? bytes.count
            body(place..<end)
            place = end
        }
    }
}
