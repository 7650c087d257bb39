/// A tar archive in the ustar format of POSIX, byte by byte: small devices have no `tar`.
///
/// Regular files only, all of them root's and readable by their owner alone.
package struct TarArchive: Sendable {
    private var blocks: [UInt8] = []

    private static let blockSize = 512
    /// What the format has room for.
    static let nameBytes = 100
    static let fileBytes = 0o77_777_777_777

    package init() {}

    /// Adds a file. A name that the format has no room for is cut; `time` is in seconds since 1970.
    package mutating func add(_ name: String, _ contents: [UInt8], time: Int64) {
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        Self.write(Array(name.utf8.prefix(Self.nameBytes)), at: 0, in: &header)
        Self.write(0o600, digits: 7, at: 100, in: &header)
        Self.write(0, digits: 7, at: 108, in: &header)
        Self.write(0, digits: 7, at: 116, in: &header)
        Self.write(min(contents.count, Self.fileBytes), digits: 11, at: 124, in: &header)
        let seconds = Int(min(max(time, 0), Int64(Self.fileBytes)))
        Self.write(seconds, digits: 11, at: 136, in: &header)
        header[156] = UInt8(ascii: "0")
        Self.write(Array("ustar\u{0}00".utf8), at: 257, in: &header)
        Self.write(Array("root".utf8), at: 265, in: &header)
        Self.write(Array("root".utf8), at: 297, in: &header)
        // The sum of the header, with blanks where the sum itself is going to be.
        Self.write([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148, in: &header)
        let sum = header.reduce(0) { $0 + Int($1) }
        Self.write(sum, digits: 6, at: 148, in: &header)
        header[154] = 0
        blocks += header
        blocks += contents
        let rest = contents.count % Self.blockSize
        if rest > 0 { blocks += [UInt8](repeating: 0, count: Self.blockSize - rest) }
    }

    /// The whole archive: two empty blocks end it.
    package var bytes: [UInt8] { blocks + [UInt8](repeating: 0, count: 2 * Self.blockSize) }

    private static func write(_ bytes: [UInt8], at place: Int, in header: inout [UInt8]) {
        header.replaceSubrange(place..<(place + bytes.count), with: bytes)
    }

    /// A number as the format has it: octal, with zeros before it.
    private static func write(
        _ number: Int, digits: Int, at place: Int, in header: inout [UInt8]
    ) {
        let text = Array(String(number, radix: 8).utf8)
        let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, digits - text.count))
        write(zeros + text, at: place, in: &header)
    }
}
