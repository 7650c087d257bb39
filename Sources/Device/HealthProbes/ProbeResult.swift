package import AgentMachine
package import Documents
package import FleetModel

/// What one try of a check said.
package struct ProbeResult: Equatable, Sendable {
    package var passed: Bool
    /// Why, as one line: what was seen, and what was expected instead. At most
    /// `Limits.reasonBytes`, without control characters and without what looks like a secret,
    /// whatever a server or a command wrote.
    package private(set) var detail: String

    package init(passed: Bool, detail: String) {
        self.passed = passed
        self.detail = oneLine(Masking.masked(detail), limit: Limits.reasonBytes)
    }

    package var json: JSONValue { ["passed": .bool(passed), "detail": .string(detail)] }

    /// The inverse of `json`. It comes from a process without rights, so nothing in it is believed
    /// to be short or clean.
    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the result of a check")
        let isThere = reader.requiredNode("passed") != nil
        let passed = reader.bool("passed")
        let detail = reader.requiredText("detail")?.value
        reader.finish()
        guard isThere, let passed, let detail, reader.diagnostics.isEmpty else {
            throw InvalidDocument(reader.diagnostics)
        }
        self.init(passed: passed, detail: detail)
    }
}

extension CheckResult {
    /// A try's result as the agent's machine takes it.
    package init(of check: HealthCheck, _ result: ProbeResult) {
        self.init(check: check.id, passed: result.passed, detail: result.detail)
    }
}

/// Text from outside as one line: control characters and line ends become single spaces, and it is
/// cut off, between two characters, where it would exceed `limit` bytes.
package func oneLine(_ text: String, limit: Int) -> String {
    var line = ""
    var isGap = true
    for scalar in text.unicodeScalars {
        switch scalar.value {
        case 0...0x20, 0x7f...0xa0, 0x2028, 0x2029:
            if isGap { continue }
            isGap = true
            line.unicodeScalars.append(" ")
        default:
            isGap = false
            line.unicodeScalars.append(scalar)
        }
        // The ellipsis has three bytes; what is cut off to make room has at most four.
        if line.utf8.count > limit {
            while line.utf8.count > limit - 3 { line.unicodeScalars.removeLast() }
            return line + "…"
        }
    }
    if isGap && !line.isEmpty { line.unicodeScalars.removeLast() }
    return line
}
