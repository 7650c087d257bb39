/// Reads what `systemctl show` prints for several units: for each of them lines of `Key=value`, with an
/// empty line between two units. Lines that say something else are passed over.
package enum ShownProperties {
    package static func read(_ text: String) -> [[String: String]] {
        var units: [[String: String]] = []
        var isBetween = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { isBetween = true }
            guard let sign = line.firstIndex(of: "=") else { continue }
            if isBetween { units.append([:]) }
            isBetween = false
            units[units.count - 1][String(line[..<sign])] =
                String(line[line.index(after: sign)...])
        }
        return units
    }
}
