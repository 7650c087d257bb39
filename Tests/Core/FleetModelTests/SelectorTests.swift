import FleetModel
import Testing

/// The tables follow the tests of `labels.Parse` in Kubernetes, whose meaning is promised.
@Suite struct SelectorTests {
    private func labels(_ values: [String: String]) -> Labels {
        Labels(values.mapValues { Label($0, from: .deviceFile) })
    }

    @Test(
        "a device matches when every requirement holds",
        arguments: [
            ("", [:]), ("", ["x": "y"]), ("x=y", ["x": "y"]), ("x==y", ["x": "y"]),
            ("x=y,z=w", ["x": "y", "z": "w"]), ("x!=y,z!=w", ["x": "z", "z": "a"]),
            ("x", ["x": "z"]), ("x", ["x": ""]), ("!x", ["y": "z"]),
            ("x in (a, b)", ["x": "b"]), ("x notin (a,b)", ["x": "c"]), ("x=", ["x": ""]),
            // A label that is absent is not one of the values.
            ("x!=y", [:]), ("x notin (a)", ["y": "a"]), ("x notin (a,)", ["x": "b"]),
            ("x in (a,)", ["x": ""]), ("x in (,)", ["x": ""]), ("x!=", ["x": "a"]),
            ("  a\tin\n(\rb ) , ! c ", ["a": "b"]), ("in in (in,notin)", ["in": "notin"]),
            ("notin=in", ["notin": "in"]),
            ("example.com/role=a.b-c_D", ["example.com/role": "a.b-c_D"]),
        ])
    func matches(text: String, device: [String: String]) throws {
        #expect(try Selector(text).matches(labels(device)))
    }

    @Test(
        "a device does not match when one requirement fails",
        arguments: [
            ("x=z", ["x": "y"]), ("x=z", [:]), ("x=y,z=w", ["x": "w", "z": "w"]),
            ("x!=y,z!=w", ["x": "z", "z": "w"]), ("x", [:]), ("!x", ["x": "z"]),
            ("!x", ["x": ""]), ("x in (a, b)", ["x": "c"]), ("x in (a)", [:]),
            ("x notin (a,b)", ["x": "a"]), ("x=", [:]), ("x=", ["x": "a"]), ("x!=", ["x": ""]),
            ("x=Y", ["x": "y"]), ("x notin (a,)", ["x": ""]),
        ])
    func doesNotMatch(text: String, device: [String: String]) throws {
        #expect(try !Selector(text).matches(labels(device)))
    }

    @Test(
        "what can't be parsed is told with the place in the text",
        arguments: [
            ("=y", 0), ("x=a||y=b", 2), ("x==a==b", 4), ("!x=a", 2), ("x<a", 1), ("x>1", 1),
            ("x y", 2), ("x in", 4), ("x in a", 5), ("x in ()", 5), ("x in (a", 7),
            ("x in (a b)", 8), ("x,", 2), (",x", 0), ("x,,y", 2), ("!", 1), ("!!x", 1),
            ("x=(a)", 2), ("x in ((a))", 6), ("-x", 0), ("x=-a", 2), ("a/b/c", 0), ("/a", 0),
            ("A.com/a", 0), ("x=ä", 2), ("role = a and site = b", 9), ("x = 'a'", 4),
            ("x!a", 1), ("x=a)", 3),
        ])
    func cannotBeParsed(text: String, offset: Int) {
        let fault = #expect(throws: TextFault.self) { try Selector(text) }
        #expect(fault?.offset == offset)
        #expect(fault?.message.isEmpty == false)
        #expect(fault?.fix.isEmpty == false)
    }

    @Test("a selector of any length comes to an end")
    func bounded() {
        let long = Array(repeating: "a", count: 10_000).joined(separator: ",")
        #expect(throws: TextFault.self) { try Selector(long) }
    }
}
