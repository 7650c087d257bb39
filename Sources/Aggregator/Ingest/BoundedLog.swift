internal import FleetModel

/// Lets one line of each kind through in a while, with the number of those that it kept back: who
/// floods the bus does not flood the log.
struct BoundedLog {
    private struct Gate {
        var opens: Instant
        var held = 0
    }

    private let pause: Duration
    private var gates: [String: Gate] = [:]

    init(pause: Duration = .seconds(60)) { self.pause = pause }

    /// The line to write now; nil for one that is kept back. There are few kinds.
    mutating func line(_ kind: String, _ text: String, at monotonic: Instant) -> String? {
        guard var gate = gates[kind] else {
            gates[kind] = Gate(opens: monotonic + pause)
            return text
        }
        guard monotonic >= gate.opens else {
            gate.held += 1
            gates[kind] = gate
            return nil
        }
        gates[kind] = Gate(opens: monotonic + pause)
        return gate.held == 0 ? text : "\(text) (and \(gate.held) more of this kind before)"
    }
}
