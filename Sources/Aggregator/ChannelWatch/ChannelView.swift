package import Digests
package import FleetModel
package import ReleaseTrust

/// What the aggregator knows of the channel.
package struct ChannelView: Equatable, Sendable {
    /// What the server named last. Nobody vouches for it.
    package var tip: Revision?
    /// The last release that is good; nil until the anchored release was fetched.
    package var head: TrustHead?
    /// Why the walk ended before the tip.
    package var refusal: TrustRefusal?
    /// Whether the head's own keys still accept who signed the head.
    package var isHeadSignerTrusted = true
    /// When the server was last seen, by the wall clock.
    package var seen: Instant?
    /// Why the last look failed; nil where it succeeded.
    package var failure: ChannelFault?
    /// Failures in a row.
    package var failures = 0

    package init() {}
}

/// What a device should have under a release.
package enum ExpectedState: Equatable, Sendable {
    case digest(ContentDigest)
    /// The device's agent is too old, and why.
    case needsAgent(String)
    /// Something that concerns the device is wrong in the release.
    case invalid(String)
}

/// What a release says of the fleet.
package struct ReleaseContent: Equatable, Sendable {
    package var release: Revision
    package var tree: ObjectID
    package var committed: Instant
    /// How it reaches the devices; nil where the release can't be used, and `faults` tells why.
    package var mode: RolloutMode?
    /// The waves; nil where the fleet does without.
    package var rollout: RolloutManifest?
    /// What is wrong, for people.
    package var faults: String?
}
