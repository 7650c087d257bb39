/// Where the agent stands when it starts: after a boot, a crash, a power cut, or nothing at all.
package enum StartPosition: Equatable, Sendable {
    /// Nothing was under way.
    case whole
    /// A move had not passed its commit point: the files of `Move.from` are untouched.
    case undo(Move)
    /// A move had passed it, or puts right what is there: it is done again, to its end.
    case redo(Move)
    /// Files and units stand; what comes after them had not come to its end, and begins again.
    case settle(Move)

    /// Reads the position from what the disk says. `current` is where the link points.
    package init(journal: (phase: MovePhase, move: Move)?, current: Int, confirmed: Int) {
        guard let (phase, move) = journal else {
            self = .whole
            return
        }
        switch (move.purpose, phase) {
        case (.upgrade, _) where confirmed == move.to:
            self = .whole
        case (.upgrade, .flipping) where current == move.from:
            self = .undo(move)
        // A way back settles where it asks once more for the way home.
        case (.upgrade, .settling), (.goBack, .settling):
            self = .settle(move)
        case (.upgrade, _), (.goBack, _), (.heal, _):
            self = .redo(move)
        }
    }
}
