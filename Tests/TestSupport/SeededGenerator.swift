/// SplitMix64: the same seed gives the same numbers on every machine, so a failure can be repeated.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A generator whose numbers follow from `seed` alone.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// Damages a valid text in one to four places, the way disks, editors and attackers do.
public func mutated(_ text: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var text = text
    // What parsers stumble over more often than over a random byte.
    let pieces: [[UInt8]] =
        [
            "\t", "\n", "\r", "\"", "'", "[", "]", "{", "}", ":", ",", "- ", "|", ">", "&a ", "*a",
            "!t ", "<<: ", "---\n", "...\n", "%", "\\", "\\u0000", "#", "?", "\u{0}", "\u{feff}",
            "\u{2028}", "1e999", "-0", "99999999999999999999", "null",
        ].map { Array($0.utf8) } + [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0...text.count, using: &generator)
        let end = min(text.count, place + Int.random(in: 0...8, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: text.removeSubrange(place..<end)
        case 1: text.insert(contentsOf: text[place..<end], at: place)
        case 2: text.insert(.random(in: 0...255, using: &generator), at: place)
        case 3: text = Array(text[..<place])
        default:
            let piece = pieces[Int.random(in: pieces.indices, using: &generator)]
            text.replaceSubrange(place..<end, with: piece)
        }
    }
    return text
}
