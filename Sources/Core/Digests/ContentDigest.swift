/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
package struct ContentDigest: Hashable, Sendable, Comparable, CustomStringConvertible {
    // No array: a device has thousands of digests, and each would be an allocation of its own.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(words: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)) {
        self.words = (
            UInt64(words.0) << 32 | UInt64(words.1), UInt64(words.2) << 32 | UInt64(words.3),
            UInt64(words.4) << 32 | UInt64(words.5), UInt64(words.6) << 32 | UInt64(words.7)
        )
    }

    /// Takes 64 hexadecimal digits; anything else is nil.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 64, let bytes = Hex.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Takes the 32 bytes of a digest; any other count is nil.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ number: Int) -> UInt64 {
            bytes[number * 8..<number * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes
    }

    package var description: String { Hex.encode(bytes) }

    package static func == (left: ContentDigest, right: ContentDigest) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        // It is a hash already.
        hasher.combine(words.0)
    }

    package static func < (left: ContentDigest, right: ContentDigest) -> Bool {
        left.words < right.words
    }
}
