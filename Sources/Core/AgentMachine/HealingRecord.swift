internal import FleetModel

/// What was put right lately. A subject that comes back too often is left to whoever changes it, or
/// two programs that want different things would fight for ever, and wear the flash out.
struct HealingRecord: Equatable, Sendable {
    /// More often than this within `window` is a fight.
    static let bound = 3
    static let window = Duration.seconds(600)
    /// How long a contested subject is left alone.
    static let rest = Duration.seconds(3_600)

    private var healed: [String: [Instant]] = [:]
    /// Until when which subjects are left alone.
    private var contested: [String: Instant] = [:]

    /// Says of each drift what is done about it, and which of them are contested from now on.
    mutating func judge(
        _ drifts: [Drift], isHeld: Bool, at now: Instant
    ) -> (drifts: [Drift], fresh: [Drift]) {
        forget(at: now)
        var fresh: [Drift] = []
        var judged: [Drift] = []
        // A unit may differ in several ways at once, which are one thing to put right.
        var new: Set<String> = []
        for drift in drifts {
            var drift = drift
            drift.standing = drift.policy == .heal ? .healing : .reported
            let count = healed[drift.subject]?.count ?? 0
            drift.healed = count
            if drift.policy == .heal, contested[drift.subject] != nil || count >= Self.bound {
                drift.standing = .contested
                if contested[drift.subject] == nil {
                    contested[drift.subject] = now + Self.rest
                    new.insert(drift.subject)
                }
                if new.contains(drift.subject) { fresh.append(drift) }
            } else if isHeld, drift.policy == .heal {
                drift.standing = .held
            }
            judged.append(drift)
        }
        return (judged, fresh)
    }

    /// These were put right, or that was tried.
    mutating func note(_ subjects: [String], at now: Instant) {
        for subject in subjects { healed[subject, default: []].append(now) }
    }

    /// Forgets what is too long ago. Of a contested subject everything is kept to the end, for it
    /// says how often it came back.
    private mutating func forget(at now: Instant) {
        for (subject, until) in contested where now >= until {
            contested[subject] = nil
            healed[subject] = nil
        }
        for (subject, times) in healed where contested[subject] == nil {
            let recent = times.filter { now - $0 <= Self.window }
            healed[subject] = recent.isEmpty ? nil : recent
        }
    }
}
