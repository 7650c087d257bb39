package import FleetModel

/// Why a release is not accepted, for a machine (`code`) and for a person.
package struct TrustRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Equatable, Sendable, CaseIterable {
        /// No SSH signature.
        case unsigned
        /// Signed, but not these bytes.
        case tampered
        /// Signed by a key that the release before it does not name.
        case unknownSigner
        /// A key of a kind that this version can't verify.
        case unsupportedKey
        case keyNotValidAtThatTime
        /// Signed for something else than Git, or by a key that may not sign Git commits.
        case wrongNamespace
        /// No release, or one for another channel.
        case wrongChannel
        /// Does not come after the last accepted release.
        case notOnChain
        /// More than one parent.
        case merge
        case malformedCommit
        /// Older than the release before it, or from the future.
        case badTime
        /// A file below `trust/` that can't be used.
        case brokenTrustFile
        /// Would leave nobody, or not its own signer, able to go on.
        case lockout
        /// Asks for more than this version can enforce.
        case policyUnsupported
        case missingObject
        case tooManyReleases
    }

    package let code: Code
    package let release: Revision
    /// What is wrong, as a sentence without the release's id.
    package let message: String
    /// What to do next, in the imperative.
    package let fix: String

    package init(_ code: Code, _ release: Revision, _ message: String, fix: String) {
        self.code = code
        self.release = release
        self.message = message
        self.fix = fix
    }

    package var description: String {
        "release \(release.short) is refused (\(code.rawValue)): \(message)\n    fix: \(fix)"
    }
}
