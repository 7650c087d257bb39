extension Duration {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ]

    /// A whole number and a unit: `500ms`, `10s`, `5m`, `2h`, `1d`; at most ten years.
    package init?(flotillaText text: String) {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let unit = String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self)
        guard digits.count <= 9, let count = Int64(String(decoding: digits, as: UTF8.self)),
            let scale = Self.units.first(where: { $0.name == unit })?.nanoseconds
        else { return nil }
        let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: scale)
        guard !overflow, nanoseconds <= 3_650 * 86_400_000_000_000 else { return nil }
        self = .nanoseconds(nanoseconds)
    }

    /// The same notation, in the largest unit that divides it.
    package var flotillaText: String {
        let nanoseconds = flotillaNanoseconds
        for (name, scale) in Self.units.reversed()
        where nanoseconds % scale == 0 && nanoseconds != 0 {
            return "\(nanoseconds / scale)\(name)"
        }
        return "\(nanoseconds / 1_000_000)ms"
    }

    /// Clamped to what 64 bits hold (292 years).
    package var flotillaNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }
}
