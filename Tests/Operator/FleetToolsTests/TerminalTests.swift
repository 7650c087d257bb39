import FleetTools
import Testing

@Suite struct TerminalTests {
    @Test("a table gives way in its widest columns until it fits", arguments: [24, 30, 40, 80])
    func table(width: Int) {
        var table = Table(header: ["id", "who", "what"])
        table.add([.init("1"), .init("somebody@example.org"), .init("something long happened")])
        let lines = table.lines(on: Terminal(width: width, hasColors: false))
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
        #expect(lines[1].hasPrefix("1   "))
    }

    @Test("without a width nothing is cut or wrapped")
    func plain() {
        let text = String(repeating: "word ", count: 100) + "end"
        #expect(Terminal.plain.wrapped(text) == [text])
    }

    @Test("text wraps between words, after its indent")
    func wraps() {
        let lines = Terminal(width: 20, hasColors: false).wrapped(
            "one two three four five six", indent: 4)
        #expect(lines == ["    one two three", "    four five six"])
    }
}
