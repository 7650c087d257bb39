internal import Documents
internal import FleetTools

/// How the aggregator itself is. Each part, and the whole, is `ok` or says what is wrong.
struct HealthAnswer: Sendable {
    private static let well = "ok"

    let isWell: Bool
    /// What it needs, and how that is.
    let parts: [(name: String, state: String)]
    let json: JSONValue

    init(_ answer: Answer) throws(OperatorError) {
        json = answer.json
        isWell = try answer.required("status", answer.text("status")) == Self.well
        var parts: [(name: String, state: String)] = []
        for name in ["broker", "git", "store"] {
            parts.append((name, try answer.required(name, answer.text(name))))
        }
        self.parts = parts
    }

    var worries: [String] {
        guard !isWell else { return [] }
        let bad = parts.filter { $0.state != Self.well }
            .map { "\($0.name): \($0.state)" }.joined(separator: ", ")
        return ["the aggregator is not well" + (bad.isEmpty ? "" : ": \(bad)")]
    }

    var cell: Table.Cell {
        let text = parts.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
        return .init(text, isWell ? nil : .red)
    }
}
