internal import FleetModel
internal import HealthProbes
internal import NetworkStreams

/// One GET request, and what is to be seen in its answer. No redirect is followed: a check names the
/// place that must answer.
struct HTTPProbe {
    let url: ProbeURL
    let status: Int
    /// Nil where the body does not matter; then it is not read.
    let text: String?
    let deadline: Instant
    let tls: TLSSettings

    func run() throws(ProbeFault) -> ProbeResult {
        let stream = try conversing { () throws(NetworkError) in try connect() }
        try conversing { () throws(NetworkError) in try stream.write(Array(request.utf8)) }
        var parser = HTTPResponseParser(bodyLimit: text == nil ? 0 : Limits.probedBytes)
        var search = GrowingSearch(text ?? "")
        while !parser.isComplete {
            let bytes = try conversing { () throws(NetworkError) in
                try stream.read(upTo: 16 << 10)
            }
            if bytes.isEmpty { try parser.end() } else { try parser.receive(bytes) }
            // A wrong status decides, and so does the text: a stream without end need not end.
            if let seen = parser.status, seen != status || search.isFound(in: parser.body) { break }
        }
        return verdict(parser, isFound: search.isFound(in: parser.body))
    }

    private func connect() throws(NetworkError) -> any ByteStream {
        let connection = try TCPConnection(host: url.host, port: url.port, deadline: deadline)
        guard url.isSecure else { return connection }
        return try TLSConnection(over: connection, host: url.host, tls)
    }

    /// `Connection: close` lets the end of the connection be the end of the body.
    private var request: String {
        "GET \(url.target) HTTP/1.1\r\nHost: \(url.authority)\r\nUser-Agent: flotilla-worker\r\n"
            + "Accept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    }

    private func verdict(_ answer: HTTPResponseParser, isFound: Bool) -> ProbeResult {
        guard let seen = answer.status else {
            fatalError("an answer is complete only when it has a status")
        }
        if seen != status {
            let place = answer.location.map { " to \($0), and redirects are not followed" } ?? ""
            return ProbeResult(
                passed: false, detail: "status \(seen)\(place); expected \(status)")
        }
        guard let text, !isFound else {
            return ProbeResult(passed: true, detail: "status \(seen)")
        }
        let part =
            answer.body.count < Limits.probedBytes
            ? "the \(answer.body.count) bytes" : "the first \(Limits.probedBytes >> 10) KiB"
        return ProbeResult(
            passed: false,
            detail: "status \(seen) as expected, but `\(text)` is not in \(part) of the body")
    }
}

/// Looks for a text in bytes that grow, without looking twice at the same place.
struct GrowingSearch {
    private let pattern: [UInt8]
    private var next = 0
    private var found = false

    /// An empty text is found at once.
    init(_ text: String) { pattern = Array(text.utf8) }

    /// Whether it is in `bytes`, which begin with those of the call before.
    mutating func isFound(in bytes: [UInt8]) -> Bool {
        if !found {
            found = ByteSearch.contains(pattern, in: bytes, from: next)
            next = max(0, bytes.count - pattern.count + 1)
        }
        return found
    }
}
