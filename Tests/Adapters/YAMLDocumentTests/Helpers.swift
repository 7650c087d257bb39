import Documents
import Testing
import YAMLDocument

func parse(_ text: String) throws(InvalidDocument) -> Node {
    try YAML.parse(Array(text.utf8), file: "bundle.yaml")
}

/// The only thing that is wrong in `text`.
func diagnostic(_ text: String) throws -> Diagnostic {
    try diagnostic(Array(text.utf8))
}

func diagnostic(_ bytes: [UInt8]) throws -> Diagnostic {
    let error = try #require(throws: InvalidDocument.self) {
        try YAML.parse(bytes, file: "bundle.yaml")
    }
    #expect(error.diagnostics.count == 1)
    let diagnostic = try #require(error.diagnostics.first)
    #expect(diagnostic.file == "bundle.yaml")
    #expect(!diagnostic.message.isEmpty && !diagnostic.fix.isEmpty)
    return diagnostic
}

extension Node {
    /// The value as one text without positions: quoted scalars in quotes.
    var outline: String {
        switch content {
        case .scalar(let scalar):
            scalar.isQuoted ? "\"\(scalar.text)\"" : scalar.text
        case .sequence(let elements):
            "[\(elements.map(\.outline).joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.map { "\($0.key): \($0.value.outline)" }.joined(separator: ", "))}"
        }
    }

    subscript(_ key: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    subscript(_ index: Int) -> Node? {
        guard case .sequence(let elements) = content, elements.indices.contains(index) else {
            return nil
        }
        return elements[index]
    }

    var place: String { "\(position.line):\(position.column)" }
}
