internal import Documents
package import FleetModel
package import FleetTools

/// Follows a rollout to its end: drawn in place on a terminal, line by line elsewhere, a JSON
/// document a line for programs.
package struct RolloutWatch {
    package enum Style: Sendable {
        case drawn, lines, json
    }

    private let style: Style
    private var log = RolloutLog()
    private var area = LiveArea()
    private var lastJSON = ""
    private var trouble: OperatorError?

    package init(_ style: Style) { self.style = style }

    /// The bytes to write for a look at the channel; empty where there is nothing new.
    package mutating func text(
        for picture: ChannelPicture, at now: Instant, on terminal: Terminal
    ) -> String {
        trouble = nil
        switch style {
        case .drawn:
            return area.frame(RolloutReport(picture, now: now).lines(on: terminal), on: terminal)
        case .lines:
            return log.news(picture).map { $0 + "\n" }.joined()
        case .json:
            let json = picture.json.canonical
            defer { lastJSON = json }
            return json == lastJSON ? "" : json + "\n"
        }
    }

    /// The same where the aggregator could not be asked: told once, for the watch goes on.
    package mutating func text(for error: OperatorError, on terminal: Terminal) -> String {
        defer { trouble = error }
        switch style {
        case .drawn:
            let lines = [terminal.styled("no news", .yellow) + ": \(error.message)"]
            return area.frame(lines + ["Waiting for the aggregator; Ctrl-C ends it."], on: terminal)
        case .lines: return trouble == error ? "" : "no news: \(error.message); waiting\n"
        case .json: return ""
        }
    }

    /// With what the watch ends; nil while there is something to watch.
    package static func end(_ picture: ChannelPicture) -> ExitStatus? {
        guard let rollout = picture.current else { return .success }
        guard rollout.isOver, rollout.queued == nil || rollout.isStopped else { return nil }
        return rollout.isStopped ? .refused : .success
    }
}
