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
    /// The boot that the move waits for is still to come.
    case reboot(Move)
    /// The generation on trial has cost too many boots.
    case giveUp(Move, because: String)

    /// Reads the position from what the disk says. `current` is where the link points; `isRebooted`
    /// is whether the boot is over that the journal wants to end.
    package init(
        journal: (phase: MovePhase, move: Move)?, current: Int, confirmed: Int,
        isRebooted: Bool = true
    ) {
        guard let (phase, move) = journal else {
            self = .whole
            return
        }
        switch (move.purpose, phase) {
        case (.upgrade, _) where confirmed == move.to:
            self = .whole
        case (.upgrade, .flipping) where current == move.from:
            self = .undo(move)
        case (_, .rebooting):
            self = isRebooted ? .settle(move) : .reboot(move)
        // A way back settles where it asks once more for the way home.
        case (.upgrade, .settling), (.goBack, .settling):
            self = .settle(move)
        case (.upgrade, _), (.goBack, _), (.heal, _):
            self = .redo(move)
        }
    }

    /// The move whose generation stands and is not confirmed; nil where nothing is on trial.
    package var trial: Move? {
        switch self {
        case .redo(let move), .settle(let move), .reboot(let move), .giveUp(let move, _):
            move.purpose == .upgrade ? move : nil
        case .whole, .undo: nil
        }
    }
}
