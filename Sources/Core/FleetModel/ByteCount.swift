/// Amounts of bytes as people write them: `512KiB`, `64MiB`, `2GiB`, or a plain number.
package enum ByteCount {
    private static let units: [(suffix: String, shift: Int)] = [
        ("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("", 0),
    ]

    /// - Throws: what is wrong with the text, for people.
    package static func parse(_ text: String) throws(TextFault) -> Int64 {
        for (suffix, shift) in units where text.hasSuffix(suffix) {
            let digits = text.utf8.dropLast(suffix.utf8.count)
            guard (1...15).contains(digits.count),
                digits.allSatisfy({ (0x30...0x39).contains($0) }),
                let count = Int64(String(decoding: digits, as: UTF8.self)),
                count <= Int64.max >> Int64(shift)
            else { continue }
            return count << Int64(shift)
        }
        throw TextFault(
            "\(quoted(text)) is not an amount of bytes",
            fix: "Write a whole number and a unit: 512KiB, 64MiB or 2GiB.")
    }
}
