import Documents
import FleetModel
import TestSupport
import Testing
import WireMessages

@Suite struct HostileBytesTests {
    /// Reads as whatever comes over the bus, by each reader.
    private func readAll(_ bytes: [UInt8]) -> Int {
        var good = 0
        func attempt(_ body: () throws -> Void) { if (try? body()) != nil { good += 1 } }
        attempt { _ = try verifier.open(bytes) }
        let message = SignedMessage(payload: bytes, signature: [])
        attempt { _ = try verifier.unverified(message, as: ReportedState.self) }
        attempt { _ = try verifier.unverified(message, as: EventBatch.self) }
        attempt { _ = try verifier.unverified(message, as: Acknowledgement.self) }
        attempt { _ = try verifier.unverified(message, as: Order.self) }
        attempt { _ = try verifier.unverified(message, as: OperatorCommand.self) }
        attempt { _ = try Presence(reading: parse(bytes)) }
        attempt { _ = try AggregatorStatus(reading: parse(bytes)) }
        return good
    }

    private func samples(_ messages: inout RandomMessages) throws -> [[UInt8]] {
        [
            messages.state().payload, messages.batch().payload,
            messages.acknowledgement().payload, try messages.order().payload,
            messages.command().payload,
            SignedMessage(
                payload: messages.command().payload, signature: Array("armor".utf8),
                certificate: [1, 2, 3]
            ).bytes,
        ]
    }

    @Test("damaged messages give an error or a message, and never a crash")
    func damaged() throws {
        var messages = RandomMessages(seed: 33)
        for _ in 0..<150 {
            for sample in try samples(&messages) {
                for _ in 0..<4 {
                    _ = readAll(mutated(sample, using: &messages.generator))
                }
            }
        }
    }

    @Test("no message that ends too early is taken")
    func truncated() throws {
        var messages = RandomMessages(seed: 34)
        for sample in try samples(&messages) {
            for end in stride(from: 0, to: sample.count, by: max(1, sample.count / 60)) {
                #expect(readAll(Array(sample[..<end])) == 0)
            }
        }
    }

    @Test("a field of another type, out of its bounds or missing is refused, whichever it is")
    func wrongTypes() throws {
        var messages = RandomMessages(seed: 35)
        var state = messages.state()
        state.revision = messages.object()
        state.hold = .init(reason: "r", until: messages.time())
        state.problem = "p"
        let optional: Set = [
            "problem", "revision", "digest", "trustHead", "alarm", "hold", "order",
        ]
        try check(state, optional: optional.union(["digestVersion"]))
        try check(messages.batch(), optional: [])
        try check(messages.acknowledgement(), optional: [])
        try check(try messages.order(), optional: ["decision"])
        try check(messages.command(), optional: ["release", "reason"])
    }

    private func check<Message: SignedPayload>(_ message: Message, optional: Set<String>) throws {
        guard case .object(let members) = message.json else { return }
        for key in members.keys {
            var missing = members
            missing[key] = nil
            let isMissed = (try? Message(reading: node(.object(missing)))) == nil
            #expect(isMissed == !optional.contains(key), "without `\(key)`")
            let isIgnored = key == "digestVersion"
            for wrong: JSONValue in [
                ["an": ["object"]], [["a"], 1], "text \u{7}", .string("x".repeated(70_000)),
                -1, .integer(.min), true,
            ] {
                var changed = members
                changed[key] = wrong
                // A few of them are right for some fields: a truth value for `whole`, a word.
                let isTaken = (try? Message(reading: node(.object(changed)))) != nil
                let isRight =
                    switch (key, wrong) {
                    case ("stale", true), ("confirmed", true): true
                    case ("problem", .string(let text)), ("reason", .string(let text)),
                        ("agent", .string(let text)):
                        text.utf8.count < 100
                    case ("facts", .object), ("labels", .object), ("compacted", .object): false
                    default: false
                    }
                if !isIgnored { #expect(isTaken == isRight, "`\(key)`: \(wrong)") }
            }
        }
    }

    @Test("huge numbers, deep nesting and large messages are refused")
    func huge() throws {
        for number in ["1e308", "99999999999999999999", "-9223372036854775809", "0.5", "1e2"] {
            #expect(readAll(Array(#"{"version":1,"online":true,"epoch":\#(number)}"#.utf8)) == 0)
        }
        for depth in [17, 1_000, 30_000] {
            let deep = "[".repeated(depth) + "]".repeated(depth)
            let text = #"{"version":1,"online":true,"epoch":1,"x":\#(deep)}"#
            #expect(readAll(Array(text.utf8)) == 0)
        }
        let large = #"{"version":1,"online":true,"epoch":1,"x":"\#("x".repeated(70_000))"}"#
        #expect(readAll(Array(large.utf8)) == 0)
        #expect(readAll(Array(#"{"version":2,"online":true,"epoch":1}"#.utf8)) == 0)
        #expect(readAll(Array(#"{"version":1,"online":true,"epoch":1,"epoch":2}"#.utf8)) == 0)
        #expect(readAll(Array(#"{"version":1,"online":true,"epoch":1,"new":[]}"#.utf8)) == 1)
    }
}

extension String {
    func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
