internal import Documents
internal import JSONDocument

/// Some JSON, looked at by paths of keys such as `alarm.kind`.
package struct JSONView: Sendable {
    private let root: Node

    package init(_ bytes: [UInt8], from place: String) throws {
        root = try JSON.parse(bytes, file: place)
    }

    private init(_ root: Node) { self.root = root }

    private func node(_ path: String) -> Node? {
        var node = root
        for key in path.split(separator: ".") {
            guard case .mapping(let entries) = node.content,
                let entry = entries.first(where: { $0.key == key })
            else { return nil }
            node = entry.value
        }
        return node
    }

    /// The value's text, the number of elements of a list, or nil for null and for what is not
    /// there.
    package subscript(path: String) -> String? {
        guard let node = node(path) else { return nil }
        switch node.content {
        case .scalar(let scalar): return scalar.isNull ? nil : scalar.text
        case .sequence(let elements): return String(elements.count)
        case .mapping: return "present"
        }
    }

    /// The elements of a list; none where there is none.
    package func list(_ path: String) -> [JSONView] {
        guard case .sequence(let elements)? = node(path)?.content else { return [] }
        return elements.map { JSONView($0) }
    }

    /// Itself, where it is a text.
    package var text: String? {
        guard case .scalar(let scalar) = root.content else { return nil }
        return scalar.text
    }

    /// Expected and found, a line for each value that is not as it should be.
    package func differences(_ subject: String, from expected: [String: Word]) -> [String] {
        expected.sorted { $0.key < $1.key }.compactMap { path, word in
            word.fits(self[path])
                ? nil : "\(subject) \(path): expected \(word), found \(self[path] ?? "nothing")"
        }
    }
}
