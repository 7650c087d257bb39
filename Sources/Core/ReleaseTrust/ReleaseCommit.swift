package import FleetModel

/// A commit object, read strictly from its raw bytes: exactly the headers that a release has, each
/// once and in Git's order. Whoever hands the bytes over guarantees that they have the id under
/// which they were asked for; Git's object store checks that hash.
package struct ReleaseCommit: Equatable, Sendable {
    package let tree: ObjectID
    package let parents: [ObjectID]
    /// `Name <email>`, for people; nothing is decided by it.
    package let author: String
    package let committer: String
    /// By the committer's clock.
    package let committed: Instant
    /// The content of `gpgsig`; nil where the commit is not signed.
    package let signature: [UInt8]?
    /// What was signed: the object without its `gpgsig` header.
    package let payload: [UInt8]
    package let message: String

    package init(_ raw: [UInt8]) throws(MalformedInput) {
        guard raw.count <= Limits.commitBytes else {
            throw MalformedInput("has more than \(Limits.commitBytes) bytes")
        }
        guard !raw.contains(0) else { throw MalformedInput("has a NUL byte") }
        var reader = CommitReader(raw)
        tree = try reader.requiredObject("tree")
        var parents: [ObjectID] = []
        while let parent = try reader.object("parent") {
            guard parents.count < Self.parentsLimit else {
                throw MalformedInput("has more than \(Self.parentsLimit) parents")
            }
            parents.append(parent)
        }
        self.parents = parents
        author = try reader.person("author").name
        (committer, committed) = try reader.person("committer")
        try reader.readOtherHeaders()
        signature = reader.signature
        let rest = reader.rest
        payload = reader.payload + rest
        // The first byte is the empty line that ends the headers.
        guard let message = String(validating: rest.dropFirst(), as: UTF8.self) else {
            throw MalformedInput("has a message that is not valid UTF-8")
        }
        self.message = message
    }

    /// Git itself makes no commit with more by hand, and a release has at most one.
    static let parentsLimit = 64
}

/// Reads a commit's headers in order and keeps what the signature covers.
private struct CommitReader {
    private(set) var rest: ArraySlice<UInt8>
    private(set) var payload: [UInt8] = []
    private(set) var signature: [UInt8]?
    private var hasEncoding = false

    init(_ raw: [UInt8]) { rest = raw[...] }

    /// The next line without its end; the message must not have begun.
    private func peekLine() throws(MalformedInput) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: newline) else {
            throw MalformedInput("ends before its message")
        }
        return rest[..<end]
    }

    private mutating func consume(_ line: ArraySlice<UInt8>, isSigned: Bool = true) {
        if isSigned { payload += rest[...line.endIndex] }
        rest = rest[(line.endIndex + 1)...]
    }

    /// The value of the next line if it is the header `name`.
    private func value(_ name: String) throws(MalformedInput) -> ArraySlice<UInt8>? {
        let line = try peekLine()
        let prefix = Array("\(name) ".utf8)
        return line.starts(with: prefix) ? line.dropFirst(prefix.count) : nil
    }

    mutating func object(_ name: String) throws(MalformedInput) -> ObjectID? {
        guard let value = try value(name) else { return nil }
        let text = String(decoding: value, as: UTF8.self)
        guard value.count != 64 else {
            throw MalformedInput("is of a SHA-256 repository; Flotilla reads SHA-1 repositories")
        }
        guard let object = ObjectID(text), object.text == text else {
            throw MalformedInput("has a `\(name)` that is no object id")
        }
        consume(value)
        return object
    }

    mutating func requiredObject(_ name: String) throws(MalformedInput) -> ObjectID {
        guard let object = try object(name) else {
            throw MalformedInput("has no `\(name)` where it must stand")
        }
        return object
    }

    /// `Name <email> 1700000000 +0100`
    mutating func person(_ header: String) throws(MalformedInput) -> (name: String, time: Instant) {
        guard let value = try value(header) else {
            throw MalformedInput("has no `\(header)` where it must stand")
        }
        let malformed = MalformedInput("has a malformed `\(header)` line")
        guard value.count(where: { $0 == UInt8(ascii: "<") }) == 1,
            value.count(where: { $0 == UInt8(ascii: ">") }) == 1,
            let open = value.firstIndex(of: UInt8(ascii: "<")),
            let close = value.firstIndex(of: UInt8(ascii: ">")), open < close,
            let name = String(validating: value[...close], as: UTF8.self)
        else { throw malformed }
        let fields = value[(close + 1)...].split(separator: space, omittingEmptySubsequences: false)
        guard fields.count == 3, fields[0].isEmpty, let seconds = unixTime(fields[1]),
            isTimeZone(fields[2])
        else { throw malformed }
        consume(value)
        return (name, Instant(seconds: seconds))
    }

    /// Everything between the committer and the empty line before the message.
    mutating func readOtherHeaders() throws(MalformedInput) {
        while true {
            let line = try peekLine()
            if line.isEmpty { return }
            if let value = try value("gpgsig") {
                guard signature == nil else { throw MalformedInput("has two signatures") }
                consume(line, isSigned: false)
                try readSignature(firstLine: value)
            } else if let value = try value("encoding") {
                guard !hasEncoding, String(decoding: value, as: UTF8.self).lowercased() == "utf-8"
                else { throw MalformedInput("has an encoding other than UTF-8") }
                hasEncoding = true
                consume(line)
            } else {
                let name = String(decoding: line.prefix { $0 != space }.prefix(40), as: UTF8.self)
                throw MalformedInput("has the header `\(name)`, which no release has")
            }
        }
    }

    private mutating func readSignature(firstLine: ArraySlice<UInt8>) throws(MalformedInput) {
        var text = Array(firstLine) + [newline]
        while case let line = try peekLine(), line.first == space {
            text += line.dropFirst() + [newline]
            consume(line, isSigned: false)
        }
        signature = text
    }
}

private let newline = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
private let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

/// Seconds since 1970 in decimal, as Git writes them; nil beyond what an `Instant` holds.
private func unixTime(_ text: ArraySlice<UInt8>) -> Int64? {
    guard (1...10).contains(text.count), text.allSatisfy(digits.contains),
        text.count == 1 || text.first != UInt8(ascii: "0")
    else { return nil }
    let seconds = text.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    return seconds <= Int64.max / 1_000_000_000 ? seconds : nil
}

private func isTimeZone(_ text: ArraySlice<UInt8>) -> Bool {
    guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else {
        return false
    }
    return text.count == 5 && text.dropFirst().allSatisfy(digits.contains)
}
