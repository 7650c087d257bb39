/// Secrets that are known by how they look, whatever stands before them.
extension Masking {
    // MARK: PEM blocks of private keys

    /// From `-----BEGIN … PRIVATE KEY…-----` to the line that ends it. Of an output that was cut there
    /// may be only an end or a beginning: then what can belong to it goes.
    static func maskPrivateKeys(_ bytes: inout [UInt8]) {
        var ranges: [Range<Int>] = []
        var begin: Int?
        var place = 0
        while place < bytes.count {
            guard bytes[place] == UInt8(ascii: "-"), let label = keyLabel(at: place, in: bytes)
            else {
                place += 1
                continue
            }
            if label.isBegin {
                begin = begin ?? place
            } else {
                let floor = ranges.last?.upperBound ?? 0
                ranges.append((begin ?? bodyStart(before: place, floor, in: bytes))..<label.end)
                begin = nil
            }
            place = label.end
        }
        if let begin { ranges.append(begin..<bytes.count) }
        replace(ranges, in: &bytes)
    }

    private static func keyLabel(at place: Int, in bytes: [UInt8]) -> (isBegin: Bool, end: Int)? {
        let isBegin = has("-----BEGIN ", at: place, in: bytes)
        guard isBegin || has("-----END ", at: place, in: bytes) else { return nil }
        let start = place + (isBegin ? 11 : 9)
        // The longest label in use is half as long.
        let limit = min(start + 64, bytes.count)
        guard let stop = bytes[start..<limit].firstIndex(of: UInt8(ascii: "-")),
            has("-----", at: stop, in: bytes), bytes[start..<stop].allSatisfy(isLabelByte),
            (start..<stop).contains(where: { has("PRIVATE KEY", at: $0, in: bytes) })
        else { return nil }
        return (isBegin, stop + 5)
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        byte == 0x20 || isWordByte(byte)
    }

    /// Where the Base64 before an end begins: lines of it, or what became of them on one line. Only
    /// the last may be short.
    private static func bodyStart(before end: Int, _ floor: Int, in bytes: [UInt8]) -> Int {
        var start = end
        var isLast = true
        while true {
            var stop = start
            while stop > floor, isBlank(bytes[stop - 1]) { stop -= 1 }
            var first = stop
            while first > floor, isBase64(bytes[first - 1]) { first -= 1 }
            let isWhole = first == floor || isBlank(bytes[first - 1])
            guard isWhole, stop - first >= (isLast ? 1 : 32) else { return start }
            start = first
            isLast = false
        }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"),
            UInt8(ascii: "="):
            true
        default: false
        }
    }

    // MARK: Tokens that say what they are

    /// Keys of age, and the tokens of common forges.
    static func maskKnownTokens(_ bytes: inout [UInt8]) {
        var ranges: [Range<Int>] = []
        forEachWord(in: bytes) { word in
            let prefixes: [StaticString] = [
                "AGE-SECRET-KEY-", "github_pat_", "ghp_", "gho_", "ghs_", "ghr_", "glpat-",
            ]
            if prefixes.contains(where: { has($0, at: word.lowerBound, in: bytes) }) {
                ranges.append(word)
            }
        }
        replace(ranges, in: &bytes)
    }

    // MARK: URLs

    /// `scheme://user:password@host` keeps the user; a user without a password may be a token.
    static func maskURLCredentials(_ bytes: inout [UInt8]) {
        var ranges: [Range<Int>] = []
        var place = 0
        while place < bytes.count {
            guard has("://", at: place, in: bytes) else {
                place += 1
                continue
            }
            let start = place + 3
            let end = bytes[start...].firstIndex(where: endsAuthority) ?? bytes.count
            place = max(start, end)
            guard let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) else { continue }
            if let colon = bytes[start..<at].firstIndex(of: UInt8(ascii: ":")) {
                if colon + 1 < at { ranges.append(colon + 1..<at) }
            } else if start < at, !bytes[start..<at].elementsEqual("git".utf8) {
                ranges.append(start..<at)
            }
        }
        replace(ranges, in: &bytes)
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "<"),
            UInt8(ascii: ">"):
            true
        default: isBlank(byte) || isQuote(byte)
        }
    }

    // MARK: What HTTP authenticates with

    /// `Bearer abc…`, `Basic abc…`: a scheme, and something behind it that is no word of a sentence.
    static func maskSchemes(_ bytes: inout [UInt8]) {
        var ranges: [Range<Int>] = []
        forEachWord(in: bytes) { word in
            guard
                word.count == 6 && has("bearer", at: word.lowerBound, in: bytes)
                    || word.count == 5 && has("basic", at: word.lowerBound, in: bytes)
            else { return }
            var start = word.upperBound
            while start < bytes.count, start < word.upperBound + 8, isBlank(bytes[start]) {
                start += 1
            }
            guard start > word.upperBound else { return }
            let end = bytes[start...].firstIndex { !isTokenByte($0) } ?? bytes.count
            if looksRandom(bytes[start..<end]), start >= ranges.last?.upperBound ?? 0 {
                ranges.append(start..<end)
            }
        }
        replace(ranges, in: &bytes)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isBase64(byte) || isWordByte(byte) || byte == UInt8(ascii: "~")
    }

    /// `authentication`, `Realm` and `auth.` are words; `dXNlcjpw` and `mF_9.B5f` are none.
    private static func looksRandom(_ token: ArraySlice<UInt8>) -> Bool {
        guard token.count >= 6 else { return false }
        if token.count >= 24 { return true }
        return !token.dropFirst().dropLast().allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        }
    }
}
