/// What became of an operator's command.
package enum CommandAnswer: Equatable, Sendable {
    /// It was obeyed; the rollout's standing afterwards, where there is a rollout.
    case accepted(standing: String?)
    case refused(CommandRefusal)
}

/// Why a command was not obeyed, told so that the operator can mend it.
package struct CommandRefusal: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable, CaseIterable {
        /// It is no signed command.
        case malformed
        /// Its signer may not, or it was signed for another channel or another time.
        case forbidden
        /// It is signed as it should be, and does not fit how things stand.
        case conflict
    }

    package var kind: Kind
    /// For programs: a word in camel case, as `unknownKey`.
    package var code: String
    package var message: String
    /// What to do next, as a sentence in the imperative.
    package var fix: String

    package init(_ kind: Kind, code: String, message: String, fix: String) {
        self.kind = kind
        self.code = code
        self.message = message
        self.fix = fix
    }
}
