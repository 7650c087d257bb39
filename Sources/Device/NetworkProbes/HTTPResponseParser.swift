internal import FleetModel

/// Takes an HTTP/1 answer byte by byte as it comes, and keeps of it what a check asks for. Bounded:
/// the head by `Limits.probedHeadBytes`, the body by `bodyLimit`.
struct HTTPResponseParser {
    /// Nil until the whole head has come.
    private(set) var status: Int?
    /// Where a redirect leads.
    private(set) var location: String?
    private(set) var body: [UInt8] = []
    /// Nothing more is needed.
    private(set) var isComplete = false

    private enum State {
        case head
        case fixed(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        /// The line end behind a chunk's data.
        case chunkEnd
        case untilEnd
    }

    private let bodyLimit: Int
    private var state = State.head
    private var line: [UInt8] = []
    private var headBytes = 0
    private var head = Head()

    /// The lines of one head, gathered until it is whole.
    private struct Head {
        var status: Int?
        var location: String?
        var length: Int?
        var codings: [String] = []
    }

    init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    mutating func receive(_ bytes: some Sequence<UInt8>) throws(ProbeFault) {
        for byte in bytes where !isComplete { try take(byte) }
    }

    /// The connection has ended: whether that is a good place to end.
    mutating func end() throws(ProbeFault) {
        switch state {
        case _ where isComplete: return
        case .untilEnd: isComplete = true
        case .head where status == nil && headBytes == 0:
            throw ProbeFault("the server closed the connection without an answer")
        case .head, .fixed, .chunkSize, .chunk, .chunkEnd:
            throw ProbeFault("the server closed the connection in the middle of its answer")
        }
    }

    private mutating func take(_ byte: UInt8) throws(ProbeFault) {
        switch state {
        case .head:
            headBytes += 1
            guard headBytes <= Limits.probedHeadBytes else {
                throw ProbeFault(
                    "the answer's head has more than \(Limits.probedHeadBytes >> 10) KiB")
            }
            if let line = completedLine(byte) { try takeHeadLine(line) }
        case .fixed(let remaining):
            keep(byte)
            state = .fixed(remaining: remaining - 1)
            if remaining == 1 { isComplete = true }
        case .chunkSize:
            guard line.count < 256 else { throw ProbeFault("a chunk's size line is too long") }
            if let line = completedLine(byte) { try takeChunkSize(line) }
        case .chunk(let remaining):
            keep(byte)
            state = remaining == 1 ? .chunkEnd : .chunk(remaining: remaining - 1)
        case .chunkEnd:
            switch byte {
            case UInt8(ascii: "\r"): return
            case UInt8(ascii: "\n"): state = .chunkSize
            default: throw ProbeFault("a chunk is longer than it says")
            }
        case .untilEnd:
            keep(byte)
        }
    }

    private mutating func keep(_ byte: UInt8) {
        body.append(byte)
        if body.count >= bodyLimit { isComplete = true }
    }

    /// The line that this byte ends, without its end; nil in the middle of one.
    private mutating func completedLine(_ byte: UInt8) -> [UInt8]? {
        guard byte == UInt8(ascii: "\n") else {
            line.append(byte)
            return nil
        }
        defer { line = [] }
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    // MARK: The head

    private mutating func takeHeadLine(_ line: [UInt8]) throws(ProbeFault) {
        guard let status = head.status else {
            head.status = try Self.status(line)
            return
        }
        if !line.isEmpty { return try takeField(line) }
        // 100 and its like announce the real answer; 101 is one.
        if status < 200 && status != 101 {
            head = Head()
            return
        }
        self.status = status
        location = head.location
        try beginBody(status)
    }

    private static func status(_ line: [UInt8]) throws(ProbeFault) -> Int {
        // HTTP/1.1 200 OK
        guard line.starts(with: "HTTP/1.".utf8), line.count >= 12, line[8] == 0x20,
            let status = decimal(line[9..<12]), (100...599).contains(status),
            line.count == 12 || line[12] == 0x20
        else { throw ProbeFault("the answer is no HTTP/1 answer") }
        return status
    }

    private mutating func takeField(_ line: [UInt8]) throws(ProbeFault) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw ProbeFault("a line of the answer's head has no colon")
        }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = line[(colon + 1)...].drop(while: Self.isBlank)
        let end = value.lastIndex { !Self.isBlank($0) }.map { $0 + 1 } ?? value.startIndex
        let bytes = value[..<end]
        switch name {
        case "content-length":
            guard let length = decimal(bytes), head.length == nil || head.length == length else {
                throw ProbeFault("the answer's Content-Length is malformed")
            }
            head.length = length
        case "transfer-encoding":
            head.codings.append(String(decoding: bytes, as: UTF8.self).lowercased())
        case "location":
            head.location = String(decoding: bytes, as: UTF8.self)
        default: return
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private mutating func beginBody(_ status: Int) throws(ProbeFault) {
        let hasNone = bodyLimit == 0 || status < 200 || status == 204 || status == 304
        if hasNone || (head.codings.isEmpty && head.length == 0) {
            isComplete = true
        } else if head.codings == ["chunked"] {
            state = .chunkSize
        } else if !head.codings.isEmpty {
            throw ProbeFault("the answer's Transfer-Encoding is not one that was asked for")
        } else if let length = head.length {
            state = .fixed(remaining: length)
        } else {
            state = .untilEnd
        }
    }

    private mutating func takeChunkSize(_ line: [UInt8]) throws(ProbeFault) {
        // Behind a semicolon stand extensions, which nobody uses.
        let digits = line.prefix { $0 != UInt8(ascii: ";") && !Self.isBlank($0) }
        guard !digits.isEmpty, digits.count <= 15, let size = Self.hexadecimal(digits) else {
            throw ProbeFault("a chunk's size is no number")
        }
        if size == 0 {
            isComplete = true
        } else {
            state = .chunk(remaining: size)
        }
    }

    private static func hexadecimal(_ digits: some Collection<UInt8>) -> Int? {
        let text = String(decoding: digits, as: UTF8.self)
        // Int would also take a sign.
        guard let first = digits.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-")
        else { return nil }
        return Int(text, radix: 16)
    }
}
