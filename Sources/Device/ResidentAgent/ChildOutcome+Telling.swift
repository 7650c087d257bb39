internal import FleetModel
internal import HealthProbes
internal import HostSystem

extension ChildOutcome {
    /// How a child ended and its last words, on one line, bounded, and without secrets: those are
    /// looked for while the lines are whole.
    var told: String {
        let text = Masking.masked(errorText.isEmpty ? outputText : errorText)
        let lines = text.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " | ")
        let words = oneLine(lines, limit: Limits.reasonBytes)
        return words.isEmpty ? "\(status)" : "\(status): \(words)"
    }
}
