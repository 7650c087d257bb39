internal import FleetModel

/// The tips that orders name, against those that Git gave.
///
/// A tip that is new is asked for at once. One that Git does not give is asked for ever more rarely,
/// and while there is such a one, others are not asked for at once either: whoever writes orders, and
/// whoever answers for Git, can't make a device fetch in a loop.
struct TipHints: Equatable, Sendable {
    private struct Miss: Equatable {
        var tip: Revision
        var count: Int
        var nextTry: Instant
    }

    /// How many tips are remembered of each kind; what is older is asked for again.
    private static let kept = 8

    /// Tips that Git gave, and that came to a verdict.
    private var given: [Revision] = []
    private var misses: [Miss] = []
    /// Before that no tip is asked for.
    private var patience = Instant(nanoseconds: .min)

    func isGiven(_ tip: Revision) -> Bool { given.contains(tip) }

    /// Whether it was asked for in vain.
    func isMissed(_ tip: Revision) -> Bool { misses.contains { $0.tip == tip } }

    /// When to ask for a tip; nil where it was given.
    func dueAt(_ tip: Revision) -> Instant? {
        if isGiven(tip) { return nil }
        return max(patience, misses.first { $0.tip == tip }?.nextTry ?? patience)
    }

    /// Git gave it.
    mutating func gave(_ tip: Revision) {
        given.removeAll { $0 == tip }
        given.append(tip)
        given.removeFirst(max(0, given.count - Self.kept))
        misses.removeAll { $0.tip == tip }
    }

    /// Git was asked for it, and did not give it.
    mutating func missed(_ tip: Revision, at now: Instant, pace: AgentPace) {
        let count = (misses.first { $0.tip == tip }?.count ?? 0) + 1
        misses.removeAll { $0.tip == tip }
        misses.append(Miss(tip: tip, count: count, nextTry: now + pace.retryDelay(after: count)))
        misses.removeFirst(max(0, misses.count - Self.kept))
        patience = now + pace.retryDelay(after: 1)
    }
}
