package import Digests
package import FleetModel

/// What a device should have under a release.
package enum Expectation: Equatable, Sendable {
    case digest(ContentDigest)
    /// The release can't be resolved for this device, so the device will reject it.
    case rejected
    /// The release can't be resolved by the device's agent.
    case needsAgent
    /// The release is not for this device: it follows another channel.
    case notApplicable
}

/// The newest verified thing that a device said about how one release ended there.
package struct ReleaseOutcome: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        case confirmed, unchanged
        case failed, rolledBack, rejected, lostLink
        case needsAgent

        /// These count for the rules that stop a rollout, and as no success.
        package var isFailure: Bool {
            switch self {
            case .failed, .rolledBack, .rejected, .lostLink: true
            case .confirmed, .unchanged, .needsAgent: false
            }
        }
    }

    package var kind: Kind
    /// Of the desired state that was tried; nil where the device came to none.
    package var digest: ContentDigest?
    /// When the aggregator heard it.
    package var received: Instant
    /// The newest order that was given when it was heard. What came before what is decided by this
    /// and not by times, for clocks are set back.
    package var order: Int64
    /// Whether the device's newest state was heard after it.
    package var isOlderThanReport: Bool

    package init(
        kind: Kind, digest: ContentDigest?, received: Instant, order: Int64 = 0,
        isOlderThanReport: Bool = false
    ) {
        self.kind = kind
        self.digest = digest
        self.received = received
        self.order = order
        self.isOlderThanReport = isOlderThanReport
    }
}

/// One device as the engine sees it: what is known of it, and what it should have under the release
/// that the engine asked about. Everything it said is verified before it comes here.
package struct FleetDevice: Equatable, Sendable {
    /// What its newest state says.
    package struct Report: Equatable, Sendable {
        package var revision: Revision?
        /// Of the current generation; nil before the first one.
        package var digest: ContentDigest?
        /// Whether the current generation passed its health gate.
        package var isConfirmed: Bool
        /// When the aggregator heard it.
        package var received: Instant
        /// The newest order that the device knew when it said this.
        package var order: Int64?

        package init(
            revision: Revision?, digest: ContentDigest?, isConfirmed: Bool, received: Instant,
            order: Int64? = nil
        ) {
            self.revision = revision
            self.digest = digest
            self.isConfirmed = isConfirmed
            self.received = received
            self.order = order
        }
    }

    package var id: DeviceID
    package var labels: Labels
    package var isOnline: Bool
    /// Since when it is online, or offline: the beginning of its session, or its end.
    package var presenceSince: Instant
    /// Since when it is there, short absences overlooked: who loses his connection every few minutes
    /// must not have his time anew each time.
    package var presentSince: Instant
    /// A technician holds it.
    package var isHeld: Bool
    /// Nil until it told its state.
    package var report: Report?
    /// Nil until somebody resolved the release for it.
    package var expectation: Expectation?
    /// Whether it was ever seen without what the release wants, since that is known.
    package var wasAffected: Bool
    /// About the release that the engine asked about.
    package var outcome: ReleaseOutcome?

    package init(
        id: DeviceID, labels: Labels = Labels(), isOnline: Bool, presenceSince: Instant,
        presentSince: Instant? = nil, isHeld: Bool = false, report: Report? = nil,
        expectation: Expectation? = nil,
        wasAffected: Bool = false, outcome: ReleaseOutcome? = nil
    ) {
        self.id = id
        self.labels = labels
        self.isOnline = isOnline
        self.presenceSince = presenceSince
        self.presentSince = presentSince ?? presenceSince
        self.isHeld = isHeld
        self.report = report
        self.expectation = expectation
        self.wasAffected = wasAffected
        self.outcome = outcome
    }

    /// Whether its newest state says that it has this, and that it is well with it.
    package func hasConfirmed(_ digest: ContentDigest) -> Bool {
        report.map { $0.isConfirmed && $0.digest == digest } ?? false
    }
}
