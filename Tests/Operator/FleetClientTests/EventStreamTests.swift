import FleetClient
import Testing

@Suite struct EventStreamTests {
    @Test("events come whole out of any pieces, with every line end", arguments: 1...9)
    func pieces(size: Int) throws {
        for lineEnd in ["\n", "\r\n", "\r"] {
            let text = [
                ": a comment", "event: change", "data: {\"revision\":1}", "", "data: one",
                "data:two", "id: 7", "", "event: nothing", "", "data: unfinished",
            ].joined(separator: lineEnd)
            var parser = EventStreamParser()
            var events: [ServerSentEvent] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let fed = parser.feed(rest.prefix(size))
                events += try #require(fed)
                rest = rest.dropFirst(size)
            }
            #expect(
                events == [
                    ServerSentEvent(name: "change", data: "{\"revision\":1}"),
                    ServerSentEvent(name: "message", data: "one\ntwo"),
                ])
        }
    }

    @Test("a stream that never ends an event is given up, and one of comments goes on")
    func bound() {
        var parser = EventStreamParser()
        let endless = parser.feed(repeatElement(UInt8(ascii: "x"), count: 70_000))
        #expect(endless == nil)
        var quiet = EventStreamParser()
        for _ in 0..<10_000 {
            let events = quiet.feed(": still here\n".utf8)
            #expect(events?.isEmpty == true)
        }
    }
}
