package import FleetModel

/// A release that the keys and rules of its predecessor accept.
package struct AcceptedRelease: Equatable, Sendable {
    package let release: Revision
    package let previous: Revision
    package let commit: ReleaseCommit
    package let trailers: ReleaseTrailers
    /// As the predecessor's `trust/allowed_signers` names the key.
    package let signer: AllowedSigner
    /// Whether it changes the keys or the rules.
    package let changesTrust: Bool
}

/// What a walk along a channel's chain found.
package struct ChainVerdict: Equatable, Sendable {
    /// The last release that is good, with its keys and rules. To be kept even when a later release
    /// was refused: trust does not wait.
    package let head: TrustHead
    /// How many releases the walk accepted.
    package let acceptedCount: Int
    /// Why the walk ended before the tip; nil when the tip is good.
    package let refusal: TrustRefusal?
    /// Whether the head's own keys would accept the signature of the release at the head. If not,
    /// its content must not be newly applied: its signer has been removed meanwhile.
    package let headSignerStillTrusted: Bool
}
