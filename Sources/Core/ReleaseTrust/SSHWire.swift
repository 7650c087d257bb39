/// Reads the encoding that SSH uses for keys and signatures (RFC 4251, section 5): big-endian
/// numbers, and strings of bytes with their length before them. Nothing is copied before its length
/// is known to lie within the input.
struct SSHWireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(Array(bytes)) }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ prefix: some Collection<UInt8>) -> Bool {
        guard rest.starts(with: prefix) else { return false }
        rest = rest.dropFirst(prefix.count)
        return true
    }

    mutating func number() throws(MalformedInput) -> UInt32 {
        guard rest.count >= 4 else { throw MalformedInput("ends in the middle of a number") }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func string() throws(MalformedInput) -> [UInt8] {
        let count = try number()
        guard count <= rest.count else {
            throw MalformedInput("says that a field has \(count) bytes, and \(rest.count) are left")
        }
        defer { rest = rest.dropFirst(Int(count)) }
        return Array(rest.prefix(Int(count)))
    }

    /// A text of OpenSSH: one NUL at its end is allowed and dropped, as OpenSSH does.
    mutating func text() throws(MalformedInput) -> String {
        var bytes = try string()
        if bytes.last == 0 { bytes.removeLast() }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw MalformedInput("has bytes that are not text where a name must stand")
        }
        return text
    }
}

/// Writes the same encoding.
struct SSHWireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ more: some Sequence<UInt8>) { bytes += more }

    mutating func number(_ value: UInt32) {
        for shift in stride(from: UInt32(24), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func string(_ content: some Collection<UInt8>) {
        number(UInt32(content.count))
        bytes += content
    }
}
