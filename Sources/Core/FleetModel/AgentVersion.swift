/// The agent's own version, ordered as semver.org says; build metadata is dropped.
package struct AgentVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let numbers: [Int]
    package let prerelease: [String]

    /// `1.4.0` or `1.4.0-rc.1`; what is missing at the end is zero, so `1.4` means `1.4.0`.
    package init(_ text: String) throws(TextFault) {
        let parts = text.utf8.prefix { $0 != UInt8(ascii: "+") }
            .split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        let texts = Self.split(parts.first ?? "")
        let prerelease = parts.count == 2 ? Self.split(parts[1]) : []
        let numbers = texts.compactMap(Self.number)
        guard (1...3).contains(texts.count), numbers.count == texts.count,
            prerelease.allSatisfy(Self.isIdentifier)
        else {
            throw TextFault(
                "\(quoted(text)) is not a version", fix: "Write a version such as `1.4.0`.")
        }
        self.numbers = numbers + Array(repeating: 0, count: 3 - numbers.count)
        self.prerelease = prerelease
    }

    package var description: String {
        let release = numbers.map(String.init).joined(separator: ".")
        return prerelease.isEmpty ? release : "\(release)-\(prerelease.joined(separator: "."))"
    }

    package static func < (left: AgentVersion, right: AgentVersion) -> Bool {
        if left.numbers != right.numbers {
            return left.numbers.lexicographicallyPrecedes(right.numbers)
        }
        // A version without a pre-release comes after all that have one.
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        return left.prerelease.lexicographicallyPrecedes(right.prerelease, by: precedes)
    }

    /// Numbers come before words.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        switch (number(left), number(right)) {
        case (let left?, let right?): left < right
        case (nil, nil): byBytes(left, right)
        case (let left, _): left != nil
        }
    }

    private static func split(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(_ text: String) -> Int? {
        let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber && text.utf8.count <= 9 ? Int(text) : nil
    }

    private static func isIdentifier(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x2d
            }
    }
}
