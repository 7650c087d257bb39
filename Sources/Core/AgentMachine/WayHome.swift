internal import Documents
package import FleetModel

/// Waits until a broker or Git answers, after a flip that may have cut the device off: one that
/// nobody can reach can't be mended by anybody.
package struct WayHome: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        case wait
        case askGit(within: Duration)
        case answered
        /// Nobody answered in time.
        case silent(reason: String)
    }

    private let patience: Duration
    private let until: Instant
    private var nextAsk: Instant
    private var asks = 0
    /// Git is being asked, and will answer or not.
    private var isAsking = false
    /// The broker has welcomed us since this began.
    private var isHeard = false
    /// What Git's silence was like.
    private var silence = ""

    /// A broker that was there a moment ago gets some time before Git is troubled too.
    private static let brokerHead = Duration.seconds(30)
    private static let firstPause = Duration.seconds(15)
    private static let longestPause = Duration.seconds(120)
    private static let longestAsk = Duration.seconds(120)
    /// A handshake over a slow link takes so long, even when time is up.
    private static let shortestAsk = Duration.seconds(10)

    package init(within patience: Duration, hasBroker: Bool, now: Instant) {
        self.patience = patience
        until = now + patience
        nextAsk = hasBroker ? now + min(Self.brokerHead, patience / 4) : now
    }

    package var wakeAt: Instant {
        isAsking ? Instant(nanoseconds: .max) : min(nextAsk, until)
    }

    /// What to do now. Git is asked at least once, however late it is.
    package mutating func next(at now: Instant) -> Step {
        if isAsking { return .wait }
        if isHeard { return .answered }
        if now >= nextAsk, now < until || asks == 0 {
            asks += 1
            isAsking = true
            return .askGit(within: max(Self.shortestAsk, min(Self.longestAsk, until - now)))
        }
        guard now >= until else { return .wait }
        let git = silence.isEmpty ? "" : " (\(silence))"
        return .silent(
            reason: "neither a broker nor Git answered within \(patience.flotillaText)\(git)")
    }

    package mutating func linkChanged(isUp: Bool) { isHeard = isUp }

    package mutating func gitAnswered() {
        isAsking = false
        isHeard = true
    }

    package mutating func gitSilent(_ reason: String, at now: Instant) {
        isAsking = false
        silence = reason
        let pause = Self.firstPause * (1 << min(asks - 1, 8))
        nextAsk = now + min(pause, Self.longestPause)
    }
}

/// A release with which the device lost its link, and which may be innocent.
struct LinkLoss: Equatable, Sendable {
    /// Nil where the agent was started anew on the way: then it is the one that comes next.
    var release: Revision?
    /// How often in a row.
    var count: Int
    var nextTry: Instant
    /// It is tried again, or somebody wants it to be.
    var isOver = false

    /// When it is to be tried again.
    var dueAt: Instant? { isOver ? nil : nextTry }

    func isDue(at now: Instant) -> Bool { !isOver && now >= nextTry }

    mutating func endWait(at now: Instant) { if now >= nextTry { isOver = true } }
}
