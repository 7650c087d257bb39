internal import Foundation

/// What the output goes to: how large it is, and what it understands.
package struct Terminal: Sendable {
    package enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    /// Nil where nothing has to fit: a file, or another program.
    package var width: Int?
    /// Nil where nobody looks at it line by line.
    package var height: Int?
    package var hasColors: Bool
    /// Whether signs outside of ASCII arrive as what they are.
    package var hasUnicode: Bool

    package init(width: Int?, height: Int? = nil, hasColors: Bool, hasUnicode: Bool = true) {
        self.width = width
        self.height = height
        self.hasColors = hasColors
        self.hasUnicode = hasUnicode
    }

    /// Neither width nor colours.
    package static let plain = Terminal(width: nil, hasColors: false)

    /// Whether somebody watches: then lines may be drawn again in their place.
    package var isWatched: Bool { height != nil }

    /// Standard output, as it is now. NO_COLOR (no-color.org) turns colours off.
    package static func standardOutput(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Terminal {
        let hasUnicode = isUnicode(environment)
        guard isatty(STDOUT_FILENO) == 1 else {
            return Terminal(width: nil, hasColors: false, hasUnicode: hasUnicode)
        }
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let width = known ? Int(size.ws_col) : environment["COLUMNS"].flatMap { Int($0) } ?? 80
        let refusesColors =
            environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
        return Terminal(
            width: max(width, 20), height: known ? max(Int(size.ws_row), 4) : 24,
            hasColors: !refusesColors, hasUnicode: hasUnicode)
    }

    /// What the locale says, by the order of setlocale(3). Nothing said means ASCII.
    package static func isUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy
            .compactMap { environment[$0] }.first { !$0.isEmpty }
        let name = (locale ?? "").lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }

    /// What stands where something was cut off.
    package var ellipsis: String { hasUnicode ? "…" : "~" }

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
