internal import FleetModel
internal import FleetTools

/// The signs of pictures in a terminal, where it has them.
struct Signs {
    let full: String
    let empty: String
    let yes: String
    let no: String
    let dot: String

    init(_ terminal: Terminal) {
        full = terminal.hasUnicode ? "█" : "#"
        empty = terminal.hasUnicode ? "░" : "."
        yes = terminal.hasUnicode ? "✓" : "ok"
        no = terminal.hasUnicode ? "✗" : "NO"
        dot = terminal.hasUnicode ? "·" : "-"
    }
}

/// A bar of blocks in colours, one part after the other.
struct Bar {
    let width: Int

    /// At least one block for each part that is not empty, and never more than the bar has.
    func text(
        _ parts: [(count: Int, tone: Standing.Tone)], of total: Int, on terminal: Terminal
    ) -> String {
        let signs = Signs(terminal)
        var text = ""
        var left = width
        let parts = parts.filter { $0.count > 0 }
        for (index, part) in parts.enumerated() where left > 0 {
            // Each of those that come after still needs a block.
            let room = max(1, left - (parts.count - index - 1))
            let blocks = min(max(1, part.count * width / max(total, 1)), room)
            let run = String(repeating: signs.full, count: blocks)
            text += part.tone.style.map { terminal.styled(run, $0) } ?? run
            left -= blocks
        }
        let rest = String(repeating: signs.empty, count: left)
        return text + (rest.isEmpty ? "" : terminal.styled(rest, .dim))
    }
}

/// How long ago something was, as people say it.
func age(of instant: Instant?, at now: Instant) -> String {
    guard let instant else { return "" }
    let seconds = max(0, (now - instant).components.seconds)
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3_600: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3_600) h"
    default: return "\(seconds / 86_400) d"
    }
}

extension String {
    /// As wide as asked for, with blanks at its end.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

extension Terminal {
    func styled(_ text: String, _ tone: Standing.Tone) -> String {
        tone.style.map { styled(text, $0) } ?? text
    }

    /// At most so many signs, as far as the terminal is wide.
    func cut(_ text: String) -> String {
        guard let width, text.count > width else { return text }
        return String(text.prefix(width - 1)) + ellipsis
    }
}
