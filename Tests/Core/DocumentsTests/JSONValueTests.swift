import Documents
import Testing

@Suite struct JSONValueTests {
    @Test("the canonical form has no white space and its keys in UTF-16 order")
    func canonicalOrder() {
        // RFC 8785, section 3.2.3, without the numbers: the emoji's surrogates come before U+FB33.
        let value: JSONValue = [
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter",
            "1": "One", "\u{1f600}": "Smiley", "\u{80}": "Control", "\u{f6}": "Latin o",
        ]
        #expect(
            value.canonical
                == "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin o\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Smiley\",\"\u{fb33}\":\"Hebrew Letter\"}"
        )
    }

    @Test("only quotes, backslashes and control characters are escaped")
    func escapes() {
        let value: JSONValue = .string("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}é😀")
        #expect(value.canonical == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7f}é😀\"")
    }

    @Test("every kind of value is written as JSON has it")
    func kinds() {
        let value: JSONValue = [
            "a": [nil, true, false, 0, -9_223_372_036_854_775_808], "b": [:], "c": [],
        ]
        #expect(
            value.canonical == #"{"a":[null,true,false,0,-9223372036854775808],"b":{},"c":[]}"#)
    }

    @Test("the pretty form is the same value with two spaces a level")
    func pretty() {
        let value: JSONValue = ["list": [1, ["x": "y"]], "empty": []]
        #expect(
            value.pretty == """
                {
                  "empty": [],
                  "list": [
                    1,
                    {
                      "x": "y"
                    }
                  ]
                }
                """)
    }
}
