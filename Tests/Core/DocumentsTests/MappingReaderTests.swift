import Documents
import Testing

private func scalar(_ text: String, quoted: Bool = false, line: Int = 1) -> Node {
    Node(
        .scalar(.init(text: text, isQuoted: quoted)), at: SourcePosition(line: line, column: 5))
}

/// A mapping with one entry a line, as YAML would give it.
private func mapping(_ entries: [(String, Node)]) -> Node {
    Node(
        .mapping(
            entries.enumerated().map { index, entry in
                Node.Entry(
                    key: entry.0, keyPosition: SourcePosition(line: index + 1, column: 1),
                    value: entry.1)
            }), at: SourcePosition(line: 1, column: 1))
}

@Suite struct MappingReaderTests {
    private enum Color: String, CaseIterable { case red, green }

    @Test("values come out as the types that are asked for, and nothing is reported")
    func goodValues() {
        let list = Node(.sequence([scalar("a"), scalar("b")]), at: .init(line: 1, column: 1))
        var reader = MappingReader(
            mapping([
                ("text", scalar("no")), ("flag", scalar("true")), ("count", scalar("7")),
                ("span", scalar("2m")), ("color", scalar("green")), ("list", list),
                ("free", mapping([("x", scalar("1"))])), ("nothing", scalar("null")),
            ]), file: "f.yaml", what: "the thing")
        #expect(reader.text("text")?.value == "no")
        #expect(reader.bool("flag") == true)
        #expect(reader.integer("count", in: 1...9) == 7)
        #expect(reader.duration("span") == .seconds(120))
        #expect(reader.choice("color", of: Color.self) == .green)
        #expect(reader.texts("list").map(\.value) == ["a", "b"])
        #expect(reader.mapping("free").map(\.key) == ["x"])
        #expect(reader.node("nothing") == nil)
        #expect(reader.node("absent") == nil)
        reader.finish()
        #expect(reader.diagnostics.isEmpty)
    }

    @Test("a quoted null is a text")
    func quotedNull() {
        var reader = MappingReader(
            mapping([("a", scalar("null", quoted: true)), ("b", scalar("", quoted: true))]),
            file: "f", what: "it")
        #expect(reader.text("a")?.value == "null")
        #expect(reader.text("b")?.value == "")
    }

    @Test("one pass finds every fault, each with its place and a fix")
    func allFaults() throws {
        let list = Node(.sequence([]), at: .init(line: 9, column: 9))
        var reader = MappingReader(
            mapping([
                ("flag", scalar("yes", line: 1)), ("count", scalar("10", line: 2)),
                ("span", scalar("soon", line: 3)), ("color", scalar("blue", line: 4)),
                ("text", list), ("list", scalar("x", line: 6)),
            ]), file: "f.yaml", what: "the thing")
        #expect(reader.bool("flag") == nil)
        #expect(reader.integer("count", in: 1...9) == nil)
        #expect(reader.duration("span") == nil)
        #expect(reader.choice("color", of: Color.self) == nil)
        #expect(reader.text("text") == nil)
        #expect(reader.list("list").isEmpty)
        #expect(reader.requiredText("must") == nil)
        reader.finish()
        #expect(
            reader.diagnostics.map(\.place) == [
                "f.yaml:1:5", "f.yaml:2:5", "f.yaml:3:5", "f.yaml:4:5", "f.yaml:9:9", "f.yaml:6:5",
                "f.yaml:1:1",
            ])
        #expect(reader.diagnostics.allSatisfy { !$0.fix.isEmpty })
        #expect(reader.diagnostics[3].fix == "Use one of: red, green.")
        #expect(reader.diagnostics[6].message == "`must` is missing")
    }

    @Test("an unknown key is reported with the known key that is nearest in spelling")
    func unknownKeys() {
        var reader = MappingReader(
            mapping([("onwer", scalar("x")), ("altogether", scalar("x")), ("mode", scalar("x"))]),
            file: "f", what: "it")
        _ = reader.text("owner")
        _ = reader.text("mode")
        reader.finish()
        #expect(reader.diagnostics.count == 2)
        #expect(reader.diagnostics.first?.message == "unknown key `onwer`")
        #expect(reader.diagnostics.first?.fix == "Did you mean `owner`?")
        #expect(reader.diagnostics.first?.place == "f:1:1")
        #expect(reader.diagnostics.last?.fix == "Remove it; the keys here are: owner, mode.")
    }

    @Test("what is no mapping is reported once; nothing at all is an empty mapping")
    func notAMapping() {
        let wrong = MappingReader(scalar("x"), file: "f", what: "the thing")
        #expect(wrong.diagnostics.count == 1)
        #expect(
            wrong.diagnostics.first?.message
                == "the thing must be a mapping of keys to values, and this is a single value")
        var empty = MappingReader(scalar(""), file: "f", what: "the thing")
        empty.finish()
        #expect(empty.diagnostics.isEmpty)
    }

    @Test(
        "the distance of two words is the number of letters to change",
        arguments: [("", "", 0), ("a", "", 1), ("owner", "onwer", 2), ("kitten", "sitting", 3)])
    func distance(left: String, right: String, expected: Int) {
        #expect(editDistance(left, right) == expected)
        #expect(editDistance(right, left) == expected)
    }
}
