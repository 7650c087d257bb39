internal import FleetModel
internal import FleetTools
internal import HostSystem

/// Shows how the story goes on: on a terminal with a live line, elsewhere line by line.
package final class Progress {
    private let terminal: Terminal
    private var awaited: String?
    private var frame = 0

    private static let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    package init() { terminal = .standardOutput() }

    /// A line of its own, for good.
    package func say(_ text: String) {
        clear()
        write(text + "\n")
    }

    package func step(_ number: Int, _ title: String) {
        say("\n" + terminal.styled("\(number). \(title)", .bold))
    }

    /// What is waited for from now on.
    package func await(_ name: String) {
        awaited = name
        turn()
    }

    /// Shows that there is still life.
    package func turn() {
        guard isLive, let awaited else { return }
        frame += 1
        let mark = String(Self.frames[frame / 3 % Self.frames.count])
        let width = max(20, (terminal.width ?? 80) - 4)
        write("\r\u{1b}[2K  \(terminal.styled(mark, .yellow)) \(awaited.prefix(width))")
    }

    package func held(_ name: String, after duration: Duration) {
        let seconds =
            Double(duration.components.seconds)
            + Double(duration.components.attoseconds) / 1e18
        let tenths = Double(Int(seconds * 10)) / 10
        finish(terminal.styled("✓", .green) + " \(name)" + terminal.styled("  \(tenths) s", .dim))
    }

    package func failed(_ name: String, _ differences: [String], atMost limit: Int = 12) {
        finish(terminal.styled("✗ \(name)", .red))
        for line in differences.prefix(limit) { say("      \(line)") }
        if differences.count > limit { say("      and \(differences.count - limit) more") }
    }

    private func finish(_ text: String) {
        awaited = nil
        say("  " + text)
    }

    private var isLive: Bool { terminal.width != nil && terminal.hasColors }

    private func clear() {
        if isLive { write("\r\u{1b}[2K") }
    }

    /// Who does not want to see it any more has closed the pipe: the demo goes on to its end.
    private func write(_ text: String) { try? Program.writeToStandardOutput(text) }
}
