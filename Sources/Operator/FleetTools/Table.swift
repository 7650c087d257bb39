/// Rows in columns that fit the terminal.
package struct Table {
    /// One cell; the style does not count in its width.
    package struct Cell {
        var text: String
        var style: Terminal.Style?

        package init(_ text: String, _ style: Terminal.Style? = nil) {
            self.text = text
            self.style = style
        }
    }

    private var rows: [[Cell]]
    private static let gap = 2
    /// Below this nothing can be recognised any more.
    private static let narrowestColumn = 4

    package init(header: [String]) { rows = [header.map { Cell($0, .bold) }] }

    /// A row may be shorter than the header; the other cells are empty.
    package mutating func add(_ cells: [Cell]) { rows.append(cells) }

    package func lines(on terminal: Terminal) -> [String] {
        let widths = widths(on: terminal)
        return rows.map { row in
            var line = ""
            var padding = 0
            for (cell, width) in zip(row, widths) where width > 0 {
                let text = shortened(cell.text, to: width, terminal)
                if !text.isEmpty {
                    line += String(repeating: " ", count: padding)
                    line += cell.style.map { terminal.styled(text, $0) } ?? text
                    padding = 0
                }
                padding += width - text.count + Self.gap
            }
            return line
        }
    }

    /// As wide as the longest cells, and where that is too much the widest columns give way.
    private func widths(on terminal: Terminal) -> [Int] {
        let columns = rows.map(\.count).max() ?? 0
        var widths = (0..<columns).map { column in
            rows.map { $0.count > column ? $0[column].text.count : 0 }.max() ?? 0
        }
        guard let width = terminal.width else { return widths }
        let available = width - Self.gap * max(0, columns - 1)
        while widths.reduce(0, +) > available, let widest = widths.max(),
            widest > Self.narrowestColumn, let column = widths.lastIndex(of: widest)
        {
            widths[column] -= 1
        }
        return widths
    }

    private func shortened(_ text: String, to width: Int, _ terminal: Terminal) -> String {
        text.count > width ? String(text.prefix(width - 1)) + terminal.ellipsis : text
    }
}
