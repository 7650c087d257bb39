internal import Digests
package import FleetModel

/// Where a device stands in a rollout. Each known device has exactly one, so the counters add up.
package enum DeviceStanding: UInt8, Equatable, Sendable, CaseIterable {
    /// The release changes nothing here.
    case unchanged
    /// It moved to the release, and said so after its wave opened.
    case succeeded
    case failed
    /// It failed, and is back where it was.
    case rolledBack
    /// It lost its way to the servers with the release, and went back.
    case lostLink
    /// It is online, and came to no outcome for too long.
    case silent
    case offline
    case held
    case rejected
    case needsAgent
    /// A newer release came before it moved.
    case superseded
    case notApplicable
    /// Its wave is not open.
    case waiting
    /// Its wave is open, and it came to no outcome yet.
    case moving

    /// The word in the API and in logs.
    package var word: String {
        switch self {
        case .unchanged: "unchanged"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .rolledBack: "rolledBack"
        case .lostLink: "lostLink"
        case .silent: "silent"
        case .offline: "offline"
        case .held: "held"
        case .rejected: "rejected"
        case .needsAgent: "needsAgent"
        case .superseded: "superseded"
        case .notApplicable: "notApplicable"
        case .waiting: "waiting"
        case .moving: "moving"
        }
    }
}

/// How a device was let in to a release.
package struct Admission: Equatable, Sendable {
    /// The number of the first open wave that lets it in.
    package var wave: Int
    /// When that wave opened.
    package var opened: Instant
    /// The order that opened it.
    package var sequence: Int64

    package init(wave: Int, opened: Instant, sequence: Int64) {
        self.wave = wave
        self.opened = opened
        self.sequence = sequence
    }
}

extension DeviceStanding {
    /// The one function from what is known of a device, the rollout and the time to its standing.
    /// `admission` is nil where no open wave lets the device in.
    package init(
        of device: FleetDevice, letIn admission: Admission?, to rollout: Rollout, at now: Instant
    ) {
        switch device.expectation {
        case .notApplicable: self = .notApplicable
        case .needsAgent: self = .needsAgent
        case nil: self = device.isOnline ? .waiting : .offline
        case .rejected:
            self = device.outcome.flatMap { Self(ending: $0) } ?? .rejected
        case .digest(let digest):
            if let ended = Self(of: device, with: digest, letIn: admission, to: rollout) {
                self = ended
            } else {
                self = Self(underWay: device, letIn: admission, to: rollout, at: now)
            }
        }
    }

    /// Nil where the device still has to move.
    private init?(
        of device: FleetDevice, with digest: ContentDigest, letIn admission: Admission?,
        to rollout: Rollout
    ) {
        let release = rollout.release.revision
        // A later state says more than an outcome: a device may have been tried again, or set up
        // anew.
        let isOverruled = device.report != nil && device.outcome?.isOlderThanReport ?? true
        if let outcome = device.outcome, let ended = Self(ending: outcome) {
            let isMended =
                isOverruled && device.hasConfirmed(digest) && device.report?.revision == release
            if !isMended {
                self = ended
                return
            }
        }
        let confirmed =
            device.outcome.map { $0.kind == .confirmed && $0.digest == digest } ?? false
        let isElsewhere =
            isOverruled && device.report?.isConfirmed == true && device.report?.digest != digest
        guard device.hasConfirmed(digest) || (confirmed && !isElsewhere) else { return nil }
        let isSuccess =
            device.wasAffected && device.outcome?.kind != .unchanged
            && Self.isNew(device, digest, admission, release: release, confirmed: confirmed)
        self = isSuccess ? .succeeded : .unchanged
    }

    /// How the release ended here, where it ended otherwise than well.
    private init?(ending outcome: ReleaseOutcome) {
        switch outcome.kind {
        case .failed: self = .failed
        case .rolledBack: self = .rolledBack
        case .rejected: self = .rejected
        case .lostLink: self = .lostLink
        case .needsAgent: self = .needsAgent
        case .confirmed, .unchanged: return nil
        }
    }

    /// Whether what a device says of its success was said after its wave opened. What was said
    /// before can't be an answer to the order. The order that opened it tells, and no clock.
    private static func isNew(
        _ device: FleetDevice, _ digest: ContentDigest, _ admission: Admission?,
        release: Revision, confirmed: Bool
    ) -> Bool {
        guard let admission else { return false }
        if confirmed, let outcome = device.outcome, outcome.order >= admission.sequence {
            return true
        }
        guard let report = device.report, device.hasConfirmed(digest) else { return false }
        return report.revision == release && (report.order ?? 0) >= admission.sequence
    }

    private init(
        underWay device: FleetDevice, letIn admission: Admission?, to rollout: Rollout,
        at now: Instant
    ) {
        if rollout.isReplaced {
            self = .superseded
        } else if device.isHeld {
            self = .held
        } else if !device.isOnline {
            self = .offline
        } else if let admission {
            // What a clock that was set back left ahead says nothing, and nobody waits for it.
            let present = device.presentSince > now ? admission.opened : device.presentSince
            let since = max(admission.opened, present, rollout.openSince)
            let patience = rollout.plan.silentAfter
            if let closed = rollout.closedAt {
                // What began before the order closed comes to its end; nothing else begins.
                self = since > closed || now - closed >= patience ? .waiting : .moving
            } else {
                self = now - since >= patience ? .silent : .moving
            }
        } else {
            self = .waiting
        }
    }
}
