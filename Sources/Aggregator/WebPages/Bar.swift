/// How many devices stand where, as one bar and its legend.
struct Bar {
    struct Part {
        let name: String
        let words: String
        let style: String
        let count: Int
        /// In thousandths of the bar.
        let start: Int
        let width: Int
        /// Shows only these devices.
        var link = ""
        var isChosen = false
    }

    var parts: [Part]
    /// The same for those who can't see it.
    let text: String
    var isEmpty: Bool { parts.isEmpty }

    /// `whole` is what the full width stands for; at least all that is counted.
    init(_ counts: [String: Int], whole: Int = 0) {
        let sorted = StandingWords.sorted(counts)
        let total = sorted.reduce(0) { $0 + $1.count }
        let whole = max(whole, total, 1)
        var parts: [Part] = []
        var counted = 0
        for (standing, count) in sorted {
            // From sums and not from widths, so that roundings don't add up.
            let start = counted * 1_000 / whole
            counted += count
            parts.append(
                Part(
                    name: standing.name, words: standing.words, style: standing.style, count: count,
                    start: start, width: counted * 1_000 / whole - start))
        }
        self.parts = parts
        text =
            parts.isEmpty
            ? "no devices" : parts.map { "\($0.count) \($0.words)" }.joined(separator: ", ")
    }
}
