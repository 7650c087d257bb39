package import FleetModel
package import UnitPlanning

/// What the agent's machine is told. Every `Effect` that starts something is answered by exactly
/// one of these.
package enum AgentInput: Equatable, Sendable {
    /// Time went by.
    case tick
    /// Somebody wants a look at Git and a scan for drift now.
    case syncRequested
    /// Somebody on site wants to go back to generation `to`.
    case rollbackRequested(to: Int, reason: String)
    /// Something happened to managed paths.
    case touched
    /// What the disk says, where others may have changed it: which generation is current, and
    /// whether a technician holds the device.
    case looked(current: Int, isHeld: Bool)
    /// What the newest believed order means here; nil where there is none, or none that is still
    /// valid.
    case orderChanged(OrderView?)
    /// Whether a broker is heard that tells of news.
    case linkChanged(isUp: Bool)
    /// Git may know something that is needed to understand what was heard. Whoever says so bounds
    /// how often.
    case fetchWanted

    case fetched(tip: Revision)
    case fetchFailed(String)
    case staged(StageOutcome)
    case stageFailed(String)
    /// The contents of a generation that was made again stand ready.
    case restaged(gate: HealthGate, rebootFor: [String] = [])
    case restageFailed(String)
    case probed([CheckResult])
    case gitAnswered
    case gitSilent(String)
    case flipped
    case flipFailed(String, passedCommitPoint: Bool)
    case unitsChanged
    case unitsFailed(String)
    case unitsSeen([UnitStanding])
    /// In the order in which they ran; those after one that did not pass may be missing.
    case hooksRan([HookResult])
    case rebootFailed(String)
    /// Everything that differs now, whether it was looked at just now or before, sorted by subject.
    case scanned([Drift])
    case scanFailed(String)
}

/// What one round of one check said.
package struct CheckResult: Equatable, Sendable {
    /// `bundle/name`.
    package var check: String
    package var passed: Bool
    /// Why it failed, for people.
    package var detail: String
    /// What must be the same in every round, for people: when a unit became active, and how often it
    /// was restarted.
    package var mark: String?

    package init(check: String, passed: Bool, detail: String = "", mark: String? = nil) {
        self.check = check
        self.passed = passed
        self.detail = detail
        self.mark = mark
    }
}

/// What verifying, resolving, planning and staging a channel's tip came to.
package struct StageOutcome: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        /// The device already has what this revision wants.
        case upToDate(Revision)
        case staged(Candidate)
        /// This desired state failed here before.
        case knownBad(Revision, reason: String)
        /// The release is trusted, but can't be applied here; nothing was touched. `code` is
        /// `invalid`, `needsAgent`, `preflight`, `validator`, …
        case rejected(Revision, code: String, reason: String)
        /// Only verified, for the device is held.
        case notApplied(Revision)
        /// The release is trusted and wants something of this device, and its fleet rolls out in
        /// waves, and no order opens it here.
        case waiting(Revision)
    }

    /// Why the tip, or a release on the way to it, is not accepted.
    package struct Refusal: Equatable, Sendable {
        package var code: String
        package var reason: String
        package var revision: Revision

        package init(code: String, reason: String, revision: Revision) {
            self.code = code
            self.reason = reason
            self.revision = revision
        }
    }

    /// About the last release that is trusted; nil where nothing was looked at.
    package var verdict: Verdict?
    package var refusal: Refusal?

    package init(verdict: Verdict?, refusal: Refusal?) {
        self.verdict = verdict
        self.refusal = refusal
    }

    /// Whether nothing is left that a hook could have put off.
    var isSettled: Bool {
        if case .staged = verdict { false } else { verdict != nil }
    }

    /// Whether the same may end otherwise in a while, though no order will tell of it: a disk may
    /// have room again, a program may be there that was missing.
    var isToBeTriedAgain: Bool {
        switch verdict {
        case nil, .rejected: true
        case .upToDate, .staged, .knownBad, .notApplied, .waiting: false
        }
    }
}
