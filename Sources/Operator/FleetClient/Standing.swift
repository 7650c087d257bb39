internal import FleetTools

/// Where a device stands in its fleet: one of the aggregator's counters, which add up.
package struct Standing: Hashable, Sendable {
    package let name: String

    package init(_ name: String) { self.name = name }

    /// How people should see it.
    enum Tone: Sendable {
        case good, busy, waiting, away, bad

        var style: Terminal.Style? {
            switch self {
            case .good: .green
            case .busy: .cyan
            case .waiting: .dim
            case .away: .yellow
            case .bad: .red
            }
        }
    }

    /// In the order in which they are shown: what is well, what moves, what is away, what is not
    /// well.
    private static let known: [(name: String, tone: Tone)] = [
        ("succeeded", .good), ("unchanged", .good), ("moving", .busy), ("waiting", .waiting),
        ("superseded", .waiting), ("notApplicable", .waiting), ("held", .away), ("offline", .away),
        ("silent", .bad), ("lostLink", .bad), ("needsAgent", .bad), ("rejected", .bad),
        ("rolledBack", .bad), ("failed", .bad),
    ]

    /// A standing that a later aggregator may add is shown as one that waits.
    var tone: Tone { Self.known.first { $0.name == name }?.tone ?? .waiting }

    private var rank: Int { Self.known.firstIndex { $0.name == name } ?? Self.known.count }
}

extension Standing: Comparable {
    package static func < (left: Standing, right: Standing) -> Bool {
        (left.rank, left.name) < (right.rank, right.name)
    }
}

/// How many devices stand where.
package struct StandingCounts: Equatable, Sendable {
    package private(set) var byStanding: [Standing: Int] = [:]

    init(_ answer: Answer?) {
        for key in answer?.keys ?? [] {
            guard let count = answer?.integer(key), count > 0 else { continue }
            byStanding[Standing(key)] = count
        }
    }

    package var total: Int { byStanding.values.reduce(0, +) }
    package var sorted: [(standing: Standing, count: Int)] {
        byStanding.sorted { $0.key < $1.key }.map { (standing: $0.key, count: $0.value) }
    }

    /// How many came to the end that was wanted.
    var arrived: Int { sorted.filter { $0.standing.tone == .good }.reduce(0) { $0 + $1.count } }
    var bad: [(standing: Standing, count: Int)] { sorted.filter { $0.standing.tone == .bad } }

    /// `succeeded 3, moving 2`.
    var text: String {
        sorted.map { "\($0.standing.name) \($0.count)" }.joined(separator: ", ")
    }
}
