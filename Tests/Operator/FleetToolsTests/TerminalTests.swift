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

    @Test("the locale says whether signs outside of ASCII arrive; nothing said means they do not")
    func locale() {
        for (environment, isUnicode) in [
            (["LANG": "de_DE.UTF-8"], true), (["LC_ALL": "C.utf8", "LANG": "C"], true),
            (["LC_ALL": "C", "LANG": "de_DE.UTF-8"], false), ([:], false),
            (["LC_ALL": "", "LC_CTYPE": "en_US.UTF-8"], true), (["LANG": "de_DE"], false),
        ] as [([String: String], Bool)] {
            #expect(Terminal.isUnicode(environment) == isUnicode)
        }
        var table = Table(header: ["id"])
        table.add([.init("something long")])
        let plain = Terminal(width: 8, hasColors: false, hasUnicode: false)
        #expect(table.lines(on: plain)[1] == "somethi~")
    }
}
