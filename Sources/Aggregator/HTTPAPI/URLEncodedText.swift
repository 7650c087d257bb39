/// Names and values as they stand behind the `?` of an address or in the body of a form.
struct URLEncodedText: Sendable {
    private(set) var pairs: [(name: String, value: String)] = []

    /// More than any of our routes knows.
    static let pairLimit = 32

    /// Nil where a percent sign has no two digits behind it, the bytes are not UTF-8, or there are
    /// too many pairs.
    init?(_ text: some StringProtocol) {
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard pairs.count < Self.pairLimit, let name = percentDecoded(halves[0], plus: 0x20),
                let value = percentDecoded(halves.dropFirst().joined(), plus: 0x20)
            else { return nil }
            pairs.append((name, value))
        }
    }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
}

/// Nil where a percent sign has no two digits behind it or the bytes are not UTF-8. `plus` is what a
/// plus sign stands for: a space in forms, itself in paths.
func percentDecoded(_ bytes: some Sequence<UInt8>, plus: UInt8 = UInt8(ascii: "+")) -> String? {
    var decoded: [UInt8] = []
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = iterator.next().flatMap(hexDigit),
                let low = iterator.next().flatMap(hexDigit)
            else { return nil }
            decoded.append(high << 4 | low)
        case UInt8(ascii: "+"): decoded.append(plus)
        default: decoded.append(byte)
        }
    }
    return String(validating: decoded, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
