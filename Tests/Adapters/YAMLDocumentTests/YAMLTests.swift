import Documents
import FleetModel
import TestSupport
import Testing
import YAMLDocument

private let example = """
    # A bundle as a person writes it.
    match: role=gateway, site in (berlin, potsdam)
    files:
      - path: /etc/motd
        mode: 0644
        "template": true
      - {path: /etc/ö, owner: 'root:root'}
    text: |
      two
      lines
    folded: >-
      one
      line
    empty:
    list: []
    größe: "a\\tb"

    """

@Suite struct YAMLTests {
    @Test("mappings, lists and values come out in order, with quoted texts marked")
    func values() throws {
        #expect(
            try parse(example).outline
                == "{match: role=gateway, site in (berlin, potsdam), files: [{path: /etc/motd, mode: 0644, template: true}, {path: /etc/ö, owner: \"root:root\"}], text: \"two\nlines\n\", folded: \"one line\", empty: , list: [], größe: \"a\tb\"}"
        )
    }

    @Test("every key and value knows its line and its column in bytes")
    func positions() throws {
        let node = try parse(example)
        #expect(node.place == "2:1")
        #expect(node["match"]?.place == "2:8")
        #expect(node["files"]?.place == "4:3")
        #expect(node["files"]?[0]?["mode"]?.place == "5:11")
        #expect(node["files"]?[1]?.place == "7:5")
        // The ö before it has two bytes.
        #expect(node["files"]?[1]?["owner"]?.place == "7:28")
        #expect(node["text"]?.place == "8:7")
        #expect(node["list"]?.place == "15:7")
        guard case .mapping(let entries) = node.content, let last = entries.last else {
            Issue.record("not a mapping")
            return
        }
        #expect(last.keyPosition == SourcePosition(line: 16, column: 1))
        #expect(last.value.position == SourcePosition(line: 16, column: 10))
    }

    @Test("positions hold far into a document with many characters of several bytes")
    func farPositions() throws {
        let lines = (0..<2_000).map { "ключ\($0): [\"😀é\", x]" }
        let node = try parse(lines.joined(separator: "\n"))
        for index in [0, 1, 127, 999, 1_999] {
            let digits = String(index).utf8.count
            let value = node["ключ\(index)"]
            #expect(value?.place == "\(index + 1):\(8 + digits + 3)")
            #expect(value?[1]?.place == "\(index + 1):\(8 + digits + 3 + 1 + 8 + 2)")
        }
    }

    @Test("Windows line endings and a byte-order mark in front change nothing")
    func windows() throws {
        let text =
            "\u{feff}"
            + example.split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\r\n")
        #expect(try parse(text) == parse(example))
    }

    @Test(
        "a document without content is a null",
        arguments: ["", "\n", "# only a comment\n", "---\n", "\u{feff}", "null", "~"])
    func empty(text: String) throws {
        let node = try parse(text)
        #expect(node.kind == "nothing")
    }

    @Test("a quoted null, number or truth value is a text")
    func quoted() throws {
        #expect(
            try parse(#"[null, "null", 1, '1', true, "true", ""]"#).outline
                == #"[null, "null", 1, "1", true, "true", ""]"#)
    }

    @Test("one document may stand between its markers")
    func markers() throws {
        #expect(try parse("---\na: 1\n...\n").outline == "{a: 1}")
    }

    // MARK: What is refused

    @Test("a key that is there twice is refused, and the first one is named")
    func doubleKey() throws {
        let diagnostic = try diagnostic("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
        #expect(diagnostic.place == "bundle.yaml:5:3")
        #expect(
            diagnostic.message == "the key `c` is here twice, first at line 3, column 3")
        #expect(try parse("a: {c: 1}\nb: {c: 2}").outline == "{a: {c: 1}, b: {c: 2}}")
    }

    @Test(
        "what makes a line mean something that stands elsewhere is refused where it stands",
        arguments: [
            ("a: &base 1", "1:4", "anchor `&base`"), ("a: &base\n  b: 1", "1:4", "anchor"),
            ("a: &base [1]", "1:4", "anchor"), ("&k a: 1", "1:1", "anchor"),
            ("a: *base", "1:4", "alias `*base`"), ("*base : 1", "1:1", "alias"),
            ("a: !!str 1", "1:4", "tag"), ("a: ! 1", "1:4", "tag"), ("!t {}", "1:1", "tag"),
            ("x:\n  <<: {a: 1}", "2:3", "merge key"), ("a: 1\n---\nb: 2", "2:1", "second document"),
            ("? [a]\n: 1", "1:3", "can't be a key"), ("{a: 1}: 2", "1:1", "can't be a key"),
            ("name: {{ device.id }}", "1:8", "can't be a key"), ("?\n: 1", "1:2", "key is missing"),
            ("%YAML 1.1\n---\na: 1", "1:1", "begins with `%`"),
            ("a: \"x\\0y\"", "1:4", "control character"),
            ("\"a\\e\": 1", "1:1", "control character"),
        ])
    func refused(text: String, place: String, message: String) throws {
        let diagnostic = try diagnostic(text)
        #expect(diagnostic.place == "bundle.yaml:\(place)")
        #expect(diagnostic.message.contains(message), "\(diagnostic.message)")
    }

    @Test(
        "the usual slips are told in plain words, where they are",
        arguments: [
            ("a:\n\tb: 1", "2:1", "tab"), ("a: 1\n\tb: 2", "2:1", "tab"),
            ("a:\n  - b\n\t- c", "3:1", "tab"),
            ("a: \"open\nb: 1\n", "1:4", "never closed"), ("a: 'it's'\n", "1:8", "fits neither"),
            ("a: 'open", "1:4", "never closed"), ("a:\n  b: 1\n c: 2", "3:2", "fits neither"),
            ("a: 1\n  b: 2", "2:4", "colon is not expected"),
            ("a: b: c", "1:5", "colon is not expected"), ("a: - b", "1:4", "list can't begin"),
            ("a: [1, 2\nb: 3", "1:4", "not closed"), ("a: {b: 1", "1:4", "not closed"),
            ("a: 1\nnonsense\nb: 2", "2:1", "no `key: value`"), ("a: @x", "1:4", "can't begin"),
            ("a: `x`", "1:4", "can't begin"), ("a: *.conf", "1:4", "taken for an alias"),
            ("a: \"\\d+\"", "1:5", "escape"), ("a: |x\n  y", "1:5", "behind the `|`"),
            ("- a\nb: 1", "2:1", "fits neither"), ("a: 1\n- b", "2:1", "fits neither"),
            ("a: ]", "1:4", "value is missing"), ("a: \"b\" c", "1:8", "fits neither"),
        ])
    func slips(text: String, place: String, message: String) throws {
        let diagnostic = try diagnostic(text)
        #expect(diagnostic.place == "bundle.yaml:\(place)", "\(diagnostic)")
        #expect(diagnostic.message.contains(message), "\(diagnostic.message)")
    }

    @Test(
        "bytes that are no UTF-8 are refused with their place",
        arguments: [
            ([0x61, 0x3a, 0x20, 0xff], "1:4"), ([0x61, 0x0a, 0xc3, 0x28], "2:1"),
            ([0xed, 0xa0, 0x80], "1:1"), ([0xc0, 0xaf], "1:1"), ([0xf4, 0x90, 0x80, 0x80], "1:1"),
            ([0xe2, 0x82], "1:1"), ([0x80], "1:1"), ([0xf8, 0x88, 0x80, 0x80, 0x80], "1:1"),
            ([0xe0, 0x80, 0xaf], "1:1"), ([0xff, 0xfe, 0x61, 0x00], "1:1"),
        ] as [([UInt8], String)])
    func encoding(bytes: [UInt8], place: String) throws {
        let diagnostic = try diagnostic(bytes)
        #expect(diagnostic.place == "bundle.yaml:\(place)")
        #expect(diagnostic.message.contains("UTF-"))
    }

    @Test(
        "control characters and invisible breaks are refused with their place",
        arguments: [
            "\u{0}", "\u{7}", "\u{1b}", "\u{7f}", "\u{85}", "\u{9f}", "\u{2028}", "\u{2029}",
            "\u{feff}", "\u{fffe}", "\u{ffff}", "\r",
        ])
    func controlCharacters(character: String) throws {
        let diagnostic = try diagnostic("a: 1\nb: é\(character)c\n")
        #expect(diagnostic.place == "bundle.yaml:2:6")
    }

    // MARK: Bounds

    @Test("nesting up to the bound is taken, and beyond it refused")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(Limits.yamlDepth))
        #expect(try diagnostic(nested(Limits.yamlDepth + 1)).message.contains("deep"))
    }

    @Test("more keys and values than the bound are refused")
    func nodeCount() throws {
        let list = { (count: Int) in "[" + String(repeating: "1,", count: count) + "]" }
        _ = try parse(list(Limits.documentNodes - 1))
        #expect(try diagnostic(list(Limits.documentNodes)).message.contains("more than"))
    }

    @Test("a file over the bound is refused unread")
    func size() throws {
        let comment = "#" + String(repeating: "x", count: Limits.yamlBytes - 1)
        _ = try parse(comment)
        #expect(try diagnostic(comment + "x").message.contains("bytes"))
    }

    @Test(
        "a megabyte of what makes parsers slow is dealt with in seconds",
        .timeLimit(.minutes(1)),
        arguments: [
            "[", "{", "- ", "? ", "a: ", "{a: ", "!a ", "&a ", "*a ", "\"", "'", "'' ", "|\n",
            "a\n", "a: b\n", "%TAG !a! b\n", "---\n", "[]\n", "# \n", " ", "\n", "\t", ",", "]",
            "é", "a: |\n", "-\n", "[a,", "\"\\x41", "...\n%YAML 1.1\n",
        ])
    func hostile(piece: String) {
        let text = String(repeating: piece, count: Limits.yamlBytes / piece.utf8.count)
        do {
            _ = try parse(text)
        } catch {
            #expect(error.diagnostics.allSatisfy { !$0.fix.isEmpty && $0.message.utf8.count < 500 })
        }
    }

    @Test(
        "20,000 damaged texts give a node or an error with a fix, never a crash", arguments: 0..<4)
    func damaged(seed: UInt64) {
        let valid = Array(example.utf8)
        var generator = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<5_000 {
            let text = mutated(valid, using: &generator)
            do {
                _ = try YAML.parse(text, file: "bundle.yaml")
            } catch {
                refused += 1
                #expect(error.diagnostics.allSatisfy { !$0.fix.isEmpty && !$0.message.isEmpty })
            }
        }
        #expect(refused > 1_000)
    }
}
