package import FleetModel

/// How one hook ended.
package struct HookResult: Equatable, Sendable {
    package enum Verdict: Equatable, Sendable {
        case passed
        /// It asks for another time: exit status 75.
        case notNow
        case failed
    }

    /// `bundle/name`.
    package var hook: String
    package var moment: DesiredHook.Moment
    package var verdict: Verdict
    /// How it ended and what it said, for people.
    package var detail: String
    package var took: Duration

    package init(
        hook: String, moment: DesiredHook.Moment, verdict: Verdict, detail: String = "",
        took: Duration = .zero
    ) {
        self.hook = hook
        self.moment = moment
        self.verdict = verdict
        self.detail = detail
        self.took = took
    }

    /// Why the move does not go on.
    var reason: String { "hook \(hook): \(detail)" }
}
