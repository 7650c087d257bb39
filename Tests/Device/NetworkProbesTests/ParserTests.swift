import FleetModel
import TestSupport
import Testing

@testable import NetworkProbes

@Suite struct ParserTests {
    @Test(
        "a URL is taken apart into what the request needs",
        arguments: [
            ("http://a", "a", 80, "/", "a"), ("http://a:8080/x", "a", 8080, "/x", "a:8080"),
            ("https://a", "a", 443, "/", "a"), ("https://a:80?q", "a", 80, "/?q", "a:80"),
            ("http://[::1]:81/x?y#z", "::1", 81, "/x?y", "[::1]:81"),
            ("http://[::1]", "::1", 80, "/", "[::1]"), ("http://a#/b", "a", 80, "/", "a"),
        ])
    func urls(text: String, host: String, port: Int, target: String, authority: String) throws {
        let url = try ProbeURL(text)
        #expect(url.host == host && url.port == port && url.target == target)
        #expect(url.authority == authority)
        #expect(url.isSecure == text.hasPrefix("https"))
    }

    private let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nLocation: /x\r\n\r\nhello world",
        "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
        "HTTP/1.1 100 Go\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhello world",
    ]

    private func outcome(_ bytes: [UInt8], pieces: [Int]) -> String {
        var parser = HTTPResponseParser(bodyLimit: 1_000)
        do throws(ProbeFault) {
            var rest = bytes[...]
            for piece in pieces {
                try parser.receive(rest.prefix(piece))
                rest = rest.dropFirst(piece)
            }
            try parser.receive(rest)
            try parser.end()
        } catch {
            return "fault: \(error.message)"
        }
        return "\(parser.status ?? 0) \(parser.location ?? "-") \(parser.body)"
    }

    @Test("how the bytes were cut into packets does not matter", arguments: 0..<4)
    func packets(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for answer in answers {
            let whole = outcome(Array(answer.utf8), pieces: [])
            #expect(whole.contains("104, 101, 108, 108, 111"))
            for _ in 0..<200 {
                let pieces = (0..<20).map { _ in Int.random(in: 0...12, using: &generator) }
                #expect(outcome(Array(answer.utf8), pieces: pieces) == whole)
            }
        }
    }

    @Test("20,000 damaged answers give a verdict or a fault, never a crash", arguments: 0..<4)
    func damaged(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var faults = 0
        for round in 0..<5_000 {
            let bytes = mutated(Array(answers[round % answers.count].utf8), using: &generator)
            if outcome(bytes, pieces: []).hasPrefix("fault: ") { faults += 1 }
        }
        #expect(faults > 500)
    }

    @Test("a body is kept up to its limit, and none is read where none is wanted")
    func bodyLimit() throws {
        var parser = HTTPResponseParser(bodyLimit: 5)
        try parser.receive("HTTP/1.1 200 OK\r\n\r\nhello world".utf8)
        #expect(parser.isComplete && parser.body == Array("hello".utf8))
        var headOnly = HTTPResponseParser(bodyLimit: 0)
        try headOnly.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: odd\r\n\r\nhello".utf8)
        #expect(headOnly.isComplete && headOnly.body.isEmpty)
    }

    @Test("a text is found across the border of two packets, and looked for once")
    func growingSearch() {
        var search = GrowingSearch("needle")
        let text = Array("hay hay needle hay".utf8)
        for count in 0...text.count {
            #expect(search.isFound(in: Array(text.prefix(count))) == (count >= 14))
        }
    }
}
