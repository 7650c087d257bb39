/// A part of a move that is done, or begins.
package enum MoveStep: Equatable, Sendable {
    /// Units were changed.
    case units(UnitMoment)
    /// All files stand.
    case flipped
    /// A reboot is needed, and is the next thing.
    case needsReboot
    /// The health gate begins to judge.
    case settling
}
