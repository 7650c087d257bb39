internal import ReleaseTrust

/// Why a message from the bus is not believed, for a machine (`code`) and for a person.
package struct MessageRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Equatable, Sendable, CaseIterable {
        /// Not such a message, or larger than any may be.
        case malformed
        /// Signed by a key that nobody vouches for, or that may not sign this.
        case unknownKey
        /// A key of a kind that this version can't verify.
        case unsupportedKey
        /// Signed for something else.
        case wrongNamespace
        /// Not what was signed.
        case tampered
        case keyNotValidAtThatTime
        /// For another fleet, channel or device.
        case notForUs
        /// Older than what was believed before, or a command that was obeyed already.
        case replayed
        /// From the future.
        case tooFarAhead
        /// It would start something, and its time is over.
        case expired
        /// A command that is valid for longer than commands may be.
        case tooLong
        /// More commands than anybody gives.
        case tooMany
    }

    package let code: Code
    /// What is wrong, as a sentence.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) (\(code.rawValue))" }

    init(_ fault: SignatureFault, key: SSHPublicKey, namespace: String) {
        switch fault {
        case .madeForOtherNamespace(let other):
            self.init(
                .wrongNamespace, "the signature was made for `\(other)` and not for `\(namespace)`")
        case .unknownKey:
            self.init(
                .unknownKey, "trust/allowed_signers does not name the key \(key.fingerprint)")
        case .unsupportedKey(let signer):
            self.init(
                .unsupportedKey,
                "the key of `\(signer.principal)` is of the kind \(key.kind.rawValue), which this version can't verify"
            )
        case .namespaceNotAdmitted(let signer):
            self.init(.unknownKey, "`\(signer.principal)` may not sign for `\(namespace)`")
        case .doesNotMatch(let signer):
            self.init(
                .tampered, "the signature of `\(signer.principal)` is not one over this message")
        case .notValidAtThatTime(let signer):
            self.init(
                .keyNotValidAtThatTime, "the key of `\(signer.principal)` is not valid now")
        }
    }
}
