/// The syntax of label keys and values, which is Kubernetes' one.
package enum LabelSyntax {
    /// The longest name and the longest value.
    private static let nameBytes = 63
    /// The longest prefix of a key: a DNS name.
    private static let prefixBytes = 253

    /// `role` or `example.com/role`.
    package static func checkKey(_ key: String) throws(TextFault) {
        let parts = Array(key.utf8).split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
        )
        .map(Array.init)
        let isValid =
            switch parts.count {
            case 1: isName(parts[0])
            case 2: isPrefix(parts[0]) && isName(parts[1])
            default: false
            }
        guard isValid else {
            throw TextFault(
                "\(quoted(key)) is not a label key",
                fix:
                    "Use at most 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends."
            )
        }
    }

    package static func checkValue(_ value: String) throws(TextFault) {
        guard value.isEmpty || isName(Array(value.utf8)) else {
            throw TextFault(
                "\(quoted(value)) is not a label value",
                fix:
                    "Use at most 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends."
            )
        }
    }

    private static func isName(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= nameBytes else {
            return false
        }
        return isLetterOrDigit(first) && isLetterOrDigit(last)
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x2d || $0 == 0x5f || $0 == 0x2e }
    }

    private static func isPrefix(_ bytes: [UInt8]) -> Bool {
        bytes.count <= prefixBytes
            && bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
                .allSatisfy { part in
                    guard let first = part.first, let last = part.last else { return false }
                    return isLowerOrDigit(first) && isLowerOrDigit(last)
                        && part.allSatisfy { isLowerOrDigit($0) || $0 == 0x2d }
                }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
