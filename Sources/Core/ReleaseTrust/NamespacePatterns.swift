/// The value of `namespaces="…"`: patterns with commas between them, where `*` is any text, `?` any
/// one byte, and `!` in front refuses what the pattern matches.
package struct NamespacePatterns: Equatable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// A refusing pattern wins over all others, as in OpenSSH.
    package func admit(_ namespace: String) -> Bool {
        let name = Array(namespace.utf8)
        var isAdmitted = false
        for part in Array(text.utf8).split(separator: UInt8(ascii: ",")) {
            let isRefusing = part.first == UInt8(ascii: "!")
            guard matches(name, pattern: Array(isRefusing ? part.dropFirst() : part)) else {
                continue
            }
            if isRefusing { return false }
            isAdmitted = true
        }
        return isAdmitted
    }
}

/// Goes back to the last `*` only, so its time is bounded by the product of both lengths.
private func matches(_ name: [UInt8], pattern: [UInt8]) -> Bool {
    var nameAt = 0
    var patternAt = 0
    var lastStar: (pattern: Int, name: Int)?
    while nameAt < name.count {
        if patternAt < pattern.count, pattern[patternAt] == UInt8(ascii: "*") {
            lastStar = (patternAt, nameAt)
            patternAt += 1
        } else if patternAt < pattern.count,
            pattern[patternAt] == UInt8(ascii: "?") || pattern[patternAt] == name[nameAt]
        {
            nameAt += 1
            patternAt += 1
        } else if let star = lastStar {
            lastStar = (star.pattern, star.name + 1)
            nameAt = star.name + 1
            patternAt = star.pattern + 1
        } else {
            return false
        }
    }
    return pattern[patternAt...].allSatisfy { $0 == UInt8(ascii: "*") }
}
