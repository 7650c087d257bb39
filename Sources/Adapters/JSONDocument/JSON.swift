package import Documents
internal import FleetModel

/// JSON that our own programs hand to each other or keep on disk, turned into nodes.
///
/// jansson does not say where a value stood, so every node's position is line 1, column 1; only a
/// syntax error has its true place. Whole numbers are exact in 64 bits; other numbers are the
/// shortest text that gives the same `Double`. Keys come in the order of the file.
package enum JSON {
    /// The value in `bytes`; more than `limit` bytes and `depth` levels are refused. `file` is the
    /// name for messages.
    package static func parse(
        _ bytes: [UInt8], file: String, limit: Int = Limits.recordBytes,
        depth: Int = Limits.jsonDepth
    ) throws(InvalidDocument) -> Node {
        guard bytes.count <= limit else {
            throw InvalidDocument(
                Diagnostic(
                    file: file,
                    message: "the file has \(bytes.count) bytes, and at most \(limit) are read",
                    fix: "Remove it; what is written here never becomes that large."))
        }
        guard !bytes.isEmpty else {
            throw InvalidDocument(
                Diagnostic(
                    file: file, message: "the file is empty",
                    fix: "Write a JSON value, or remove the file."))
        }
        try JSONBounds.check(bytes, file: file, depth: depth)
        return try JSONReader(file: file).parse(bytes)
    }
}
