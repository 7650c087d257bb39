internal import Foundation

/// What the output goes to: how wide it is, and whether it understands colours.
package struct Terminal: Sendable {
    package enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    /// Nil where nothing has to fit: a file, or another program.
    package var width: Int?
    package var hasColors: Bool

    package init(width: Int?, hasColors: Bool) {
        self.width = width
        self.hasColors = hasColors
    }

    /// Neither width nor colours.
    package static let plain = Terminal(width: nil, hasColors: false)

    /// Standard output, as it is now. NO_COLOR (no-color.org) turns colours off.
    package static func standardOutput(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Terminal {
        guard isatty(STDOUT_FILENO) == 1 else { return plain }
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = known ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80
        let refusesColors =
            environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
        return Terminal(width: max(width, 20), hasColors: !refusesColors)
    }

    package func styled(_ text: String, _ style: Style) -> String {
        hasColors ? "\u{1b}[\(style.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// The words of `text` in lines that fit, each after `indent` spaces.
    package func wrapped(_ text: String, indent: Int = 0) -> [String] {
        let margin = String(repeating: " ", count: indent)
        guard let width else { return [margin + text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + 1 + word.count > width {
                lines.append(margin + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [margin + line]
    }
}
