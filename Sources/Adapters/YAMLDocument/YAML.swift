package import Documents
internal import FleetModel

/// YAML as people write it by hand, turned into nodes that know where they stood.
///
/// It is the part of YAML that reads the same to everybody: one document of mappings, lists and
/// single values. What makes one line mean something that stands elsewhere (anchors, aliases, tags,
/// merge keys, directives) is refused, and so is everything beyond the bounds of `Limits`.
package enum YAML {
    /// The document in `bytes`; an empty one is a null. `file` is the name for messages.
    package static func parse(_ bytes: [UInt8], file: String) throws(InvalidDocument) -> Node {
        guard bytes.count <= Limits.yamlBytes else {
            throw InvalidDocument(
                Diagnostic(
                    file: file,
                    message:
                        "the file has \(bytes.count) bytes, and at most \(Limits.yamlBytes) are read",
                    fix: "Split it into several files."))
        }
        let source = try SourceText(bytes, file: file)
        var composer = NodeComposer(source)
        return try composer.document()
    }
}
