internal import Digests
internal import Documents

/// The checksum of a record: its first member, over every other byte of the file. What a failing
/// flash or a torn write made of it is found, and never believed.
///
/// It protects against accidents and nobody else: who can write the file can also seal it.
enum RecordSeal {
    private static let opening = Array("{\n  \"sum\": \"".utf8)
    private static let closing = Array("\",".utf8)
    private static let digits = 64

    /// - Parameter text: An object as `JSONValue.pretty` writes it, with at least one member.
    static func sealed(_ text: [UInt8]) -> [UInt8] {
        guard text.first == UInt8(ascii: "{") else { return text }
        let sum = SHA256.hash(text).description
        return opening + Array(sum.utf8) + closing + text.dropFirst()
    }

    /// The record without its checksum. Agents before this one wrote none; that is accepted, and what
    /// they wrote is judged by its meaning alone.
    static func opened(_ bytes: [UInt8], file: String) throws(InvalidDocument) -> [UInt8] {
        guard bytes.starts(with: opening) else { return bytes }
        let rest = bytes.dropFirst(opening.count)
        let sum = String(decoding: rest.prefix(digits), as: UTF8.self)
        let end = rest.dropFirst(digits)
        let text = [UInt8(ascii: "{")] + end.dropFirst(closing.count)
        guard end.starts(with: closing), SHA256.hash(text).description == sum else {
            throw InvalidDocument(
                Diagnostic(
                    file: file, message: "the record's checksum does not fit its content",
                    fix: "It was damaged or edited, and is not believed."))
        }
        return text
    }
}
