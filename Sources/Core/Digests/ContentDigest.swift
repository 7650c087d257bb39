/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
package struct ContentDigest: Hashable, Sendable, Comparable, CustomStringConvertible {
    private let words: [UInt32]

    init(words: [UInt32]) { self.words = words }

    /// Takes 64 hexadecimal digits; anything else is nil.
    package init?(_ text: some StringProtocol) {
        guard let bytes = Hex.decode(text), bytes.count == 32 else { return nil }
        self.init(bytes: bytes)
    }

    /// Takes the 32 bytes of a digest; any other count is nil.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        words = stride(from: 0, to: 32, by: 4).map { at in
            bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    package var bytes: [UInt8] {
        words.flatMap { word in
            stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: word >> UInt32($0))
            }
        }
    }

    package var description: String { Hex.encode(bytes) }

    package static func < (left: ContentDigest, right: ContentDigest) -> Bool {
        left.words.lexicographicallyPrecedes(right.words)
    }
}
