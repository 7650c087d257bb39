package import FleetTools

/// Lines at the bottom of a terminal that are drawn again in their place. It makes the bytes; who
/// owns the terminal writes them.
package struct LiveArea {
    private var drawn = 0

    package init() {}

    /// Hides the cursor, and lets lines that are too long end at the edge.
    package static let begin = "\u{1b}[?25l\u{1b}[?7l"
    /// The terminal as it was.
    package static let end = "\u{1b}[?7h\u{1b}[?25h"

    /// The bytes that put `lines` where the last ones were. What does not fit below each other is
    /// left out at the bottom, for lines that have scrolled away can't be drawn again.
    package mutating func frame(_ lines: [String], on terminal: Terminal) -> String {
        let shown = lines.prefix(max(1, (terminal.height ?? 24) - 1))
        // After the window was made smaller, no more than it has.
        let back = min(drawn, max(1, (terminal.height ?? 24) - 1))
        var text = back > 0 ? "\u{1b}[\(back)F" : ""
        for line in shown { text += line + "\u{1b}[K\n" }
        drawn = shown.count
        return text + "\u{1b}[J"
    }
}
