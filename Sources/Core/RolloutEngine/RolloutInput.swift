internal import FleetModel
package import WireMessages

/// What the engine is told.
package enum RolloutInput: Equatable, Sendable {
    /// Time went by, or the fleet's picture changed.
    case tick
    /// Whether the bus is listened to. A machine that is new, or that just came back from a store,
    /// opens nothing until it hears `true`: its picture of the fleet may be old.
    case listening(Bool)
    /// The channel has a new verified tip. What each device should have under it is in the fleet
    /// from now on.
    case released(RolloutRelease)
    /// A command whose signature is verified. `operator` is its signer.
    case command(OperatorCommand, operator: String)
}

/// What the engine wants done, in this order, after its state was kept.
package enum RolloutEffect: Equatable, Sendable {
    /// Sign it and publish it, retained.
    case publish(Order)
    case log(Decision)
    /// The command was not obeyed.
    case refused(RolloutRefusal)
}

/// Why a command does not fit how things stand.
package struct RolloutRefusal: Error, Equatable, Sendable {
    package enum Code: String, Equatable, Sendable, CaseIterable {
        case noRollout, otherRelease, noOrders, notPausable, notPaused, over
    }

    package var code: Code
    package var message: String
    /// What to do next, as a sentence in the imperative.
    package var fix: String

    init(_ code: Code, _ message: String, fix: String) {
        self.code = code
        self.message = message
        self.fix = fix
    }
}
