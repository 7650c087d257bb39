/// A place in a text file. Both numbers start at 1; a column counts bytes.
package struct SourcePosition: Hashable, Sendable, Comparable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A document as a tree of values, whatever its syntax was. YAMLDocument and JSONDocument turn
/// bytes into nodes, bounded in size and depth.
///
/// A scalar keeps its text: what it means is decided by who asks for it, so `country: no` is the
/// text "no" where a text is wanted and `mode: 0644` is octal where a mode is wanted.
package struct Node: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    package struct Scalar: Equatable, Sendable {
        package var text: String
        /// Written in quotes or as a block: always a text, never a number, a truth value or null.
        package var isQuoted: Bool

        package init(text: String, isQuoted: Bool) {
            self.text = text
            self.isQuoted = isQuoted
        }

        package var isNull: Bool { !isQuoted && (text.isEmpty || text == "null" || text == "~") }
    }

    package struct Entry: Equatable, Sendable {
        package var key: String
        package var keyPosition: SourcePosition
        package var value: Node

        package init(key: String, keyPosition: SourcePosition, value: Node) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    package var content: Content
    package var position: SourcePosition

    package init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }

    /// What a person calls this kind of value.
    package var kind: String {
        switch content {
        case .scalar(let scalar): scalar.isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
