/// Which agents understand a bundle: `>=1.4`, or several joined by commas, `>=1.4, <2`.
package struct AgentRequirement: Equatable, Sendable, CustomStringConvertible {
    private enum Comparison: String, CaseIterable {
        // Two characters first: the longest that fits is meant.
        case atLeast = ">="
        case atMost = "<="
        case newer = ">"
        case older = "<"
        case exactly = "="
    }

    private struct Bound: Equatable {
        var comparison: Comparison
        var version: AgentVersion
    }

    package let description: String
    private let bounds: [Bound]

    package init(_ text: String) throws(TextFault) {
        description = text
        var bounds: [Bound] = []
        var offset = 0
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        {
            bounds.append(try Self.bound(Array(part), at: offset))
            offset += part.count + 1
        }
        self.bounds = bounds
    }

    private static func bound(_ part: [UInt8], at offset: Int) throws(TextFault) -> Bound {
        let spaces = part.prefix { $0 == 0x20 }.count
        let trimmed = part.dropFirst(spaces)
        guard
            let comparison = Comparison.allCases.first(where: {
                trimmed.starts(with: $0.rawValue.utf8)
            })
        else {
            throw TextFault(
                "\(quoted(String(decoding: trimmed, as: UTF8.self))) does not compare the agent's version",
                fix: "Write `>=1.4`, or several joined by commas: `>=1.4, <2`.",
                offset: offset + spaces)
        }
        var version = trimmed.dropFirst(comparison.rawValue.utf8.count)
        version = version.drop { $0 == 0x20 }
        while version.last == 0x20 { version.removeLast() }
        do throws(TextFault) {
            return Bound(
                comparison: comparison,
                version: try AgentVersion(String(decoding: version, as: UTF8.self)))
        } catch {
            throw TextFault(error.message, fix: error.fix, offset: offset + spaces)
        }
    }

    package func isMet(by agent: AgentVersion) -> Bool {
        bounds.allSatisfy { bound in
            switch bound.comparison {
            case .atLeast: agent >= bound.version
            case .atMost: agent <= bound.version
            case .newer: agent > bound.version
            case .older: agent < bound.version
            case .exactly: agent == bound.version
            }
        }
    }
}
