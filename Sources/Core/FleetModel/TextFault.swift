package import Documents

/// What is wrong with one text, told by who knows its rules but not where the text stands.
package struct TextFault: Error, Equatable, Sendable {
    package var message: String
    /// What to do next, as a sentence in the imperative.
    package var fix: String
    /// Bytes from the beginning of the text to the fault.
    package var offset: Int

    package init(_ message: String, fix: String, offset: Int = 0) {
        self.message = message
        self.fix = fix
        self.offset = offset
    }

    /// The same, with the place of `value`, whose text was meant.
    package func diagnostic(in file: String, at value: Node) -> Diagnostic {
        Diagnostic(
            file: file, position: value.position(ofByte: offset), message: message, fix: fix)
    }
}

extension Node {
    /// Where a byte of a scalar's text stands: exact for a text on one line without escapes, else
    /// the beginning of the value.
    fileprivate func position(ofByte offset: Int) -> SourcePosition {
        guard offset > 0, case .scalar(let scalar) = content,
            !scalar.text.utf8.contains(UInt8(ascii: "\n"))
        else { return position }
        let quote = scalar.isQuoted ? 1 : 0
        return SourcePosition(line: position.line, column: position.column + quote + offset)
    }
}

/// A text in a message: short, and between backticks.
package func quoted(_ text: some StringProtocol) -> String {
    guard text.utf8.count > 120 else { return "`\(text)`" }
    return "`\(String(decoding: text.utf8.prefix(120), as: UTF8.self))…`"
}

/// The order of two texts' bytes: the same on every machine, whatever Unicode it knows.
package func byBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
