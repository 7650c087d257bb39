import Documents
import FleetModel
import JSONDocument
import TestSupport
import Testing

private func parse(_ text: String) throws(InvalidDocument) -> Node {
    try JSON.parse(Array(text.utf8), file: "record.json")
}

private func diagnostic(_ text: String) throws -> Diagnostic {
    let error = try #require(throws: InvalidDocument.self) { try parse(text) }
    return try #require(error.diagnostics.first)
}

@Suite struct JSONTests {
    @Test("each kind of value becomes its node, with texts apart from numbers")
    func kinds() throws {
        let node = try parse(
            #" {"z": [1, -2, true, false, null, "true", ""], "a": {}, "n": 1.50} "#)
        guard case .mapping(let entries) = node.content,
            case .sequence(let list) = entries[0].value.content
        else {
            Issue.record("not a mapping with a list")
            return
        }
        #expect(entries.map(\.key) == ["z", "a", "n"])
        #expect(
            list.map(\.content) == [
                .scalar(.init(text: "1", isQuoted: false)),
                .scalar(.init(text: "-2", isQuoted: false)),
                .scalar(.init(text: "true", isQuoted: false)),
                .scalar(.init(text: "false", isQuoted: false)),
                .scalar(.init(text: "null", isQuoted: false)),
                .scalar(.init(text: "true", isQuoted: true)),
                .scalar(.init(text: "", isQuoted: true)),
            ])
        #expect(entries[1].value.content == .mapping([]))
        #expect(entries[2].value.content == .scalar(.init(text: "1.5", isQuoted: false)))
        #expect(node.position == SourcePosition(line: 1, column: 1))
    }

    @Test(
        "whole numbers are exact to the ends of 64 bits",
        arguments: ["9223372036854775807", "-9223372036854775808", "9007199254740993", "0"])
    func integers(text: String) throws {
        #expect(try parse(text).content == .scalar(.init(text: text, isQuoted: false)))
    }

    @Test("what JSONValue writes is read back, whatever the characters")
    func texts() throws {
        let text = "\"\\/\u{8}\n\t\u{1f}\u{7f}é😀\u{2028}e\u{301}"
        let node = try parse(JSONValue.array([.string(text)]).pretty)
        #expect(
            node.content
                == .sequence([
                    Node(
                        .scalar(.init(text: text, isQuoted: true)),
                        at: SourcePosition(line: 1, column: 1))
                ]))
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "[1] 2", "01", "nul", "\"a",
            "\"\t\"", "\"\\u0000\"", "\"\\ud800\"", "{\"\\u0000\":1}", "9223372036854775808",
            "1e999", "\u{feff}{}", "/* */ {}", "NaN", "[1}", "]", "}}}}", "{\"a\" 1}",
        ])
    func refused(text: String) throws {
        let diagnostic = try diagnostic(text)
        #expect(diagnostic.file == "record.json")
        #expect(!diagnostic.message.isEmpty && !diagnostic.fix.isEmpty)
    }

    @Test("invalid UTF-8 is refused")
    func encoding() {
        for bytes: [UInt8] in [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf]] {
            let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
            #expect(throws: InvalidDocument.self) { try JSON.parse(text, file: "f") }
        }
    }

    @Test("a NUL byte does not end the text: nothing can hide behind it")
    func nulByte() throws {
        #expect(try diagnostic("{}\n\u{0}garbage").place == "record.json:2:1")
        #expect(try diagnostic("1\u{0}").message.contains("NUL"))
    }

    @Test("a key that is there twice is refused, also in another spelling of the same letters")
    func doubles() throws {
        #expect(try diagnostic(#"{"a": 1, "a": 2}"#).message.contains("a"))
        #expect(
            try diagnostic("{\"\u{e9}\": 1, \"e\u{301}\": 2}").message.contains("twice"))
    }

    @Test("a syntax error has its place")
    func place() throws {
        #expect(try diagnostic("{\n  \"a\": 1,\n  \"b\": x\n}").position?.line == 3)
    }

    @Test("nesting beyond the bound is refused before jansson recurses")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(Limits.jsonDepth))
        #expect(try diagnostic(nested(Limits.jsonDepth + 1)).message.contains("deep"))
        #expect(try diagnostic(String(repeating: "[", count: 1 << 20)).message.contains("deep"))
        let inText = "\"" + String(repeating: "[\\\"", count: 1_000) + "\""
        _ = try parse(inText)
    }

    @Test("more bytes or values than the bound are refused")
    func size() throws {
        let six = Array("[1, 2]".utf8)
        _ = try JSON.parse(six, file: "f", limit: 6)
        #expect(throws: InvalidDocument.self) { try JSON.parse(six, file: "f", limit: 5) }
        let ones = Array(repeating: "1", count: Limits.recordValues).joined(separator: ",")
        #expect(try diagnostic("[\(ones)]").message.contains("values"))
    }

    @Test("the desired state of a device with as many files as it may have fits")
    func largestState() throws {
        let file: JSONValue = [
            "path": "/etc/x", "bundle": "b", "sha256": "c", "size": 1, "mode": "644",
            "owner": "root:root", "placement": "copy", "blob": "d",
        ]
        let state = JSONValue.object(["files": .array(.init(repeating: file, count: Limits.files))])
        _ = try parse(state.canonical)
    }

    @Test(
        "20,000 damaged texts give a node or an error with a fix, never a crash", arguments: 0..<4)
    func damaged(seed: UInt64) throws {
        let valid = Array(
            #"{"format": 1, "files": [{"path": "/etc/é😀", "size": 12, "ok": true, "none": null}], "text": "a\"b\\cé\n", "real": 1.5e3}"#
                .utf8)
        var generator = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<5_000 {
            let text = mutated(valid, using: &generator)
            do {
                _ = try JSON.parse(text, file: "record.json")
            } catch {
                refused += 1
                #expect(error.diagnostics.allSatisfy { !$0.fix.isEmpty && !$0.message.isEmpty })
            }
        }
        #expect(refused > 1_000)
    }
}
