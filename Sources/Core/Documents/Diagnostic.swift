/// One thing that is wrong in a file, told so that a person can mend it: what, where, what to do.
package struct Diagnostic: Equatable, Sendable, CustomStringConvertible {
    /// The file's path as the reader knows it: inside the fleet repository, or on the device.
    package var file: String
    /// Nil where the whole file is meant.
    package var position: SourcePosition?
    package var message: String
    /// What to do next, as a sentence in the imperative.
    package var fix: String

    package init(file: String, position: SourcePosition? = nil, message: String, fix: String) {
        self.file = file
        self.position = position
        self.message = printable(message)
        self.fix = printable(fix)
    }

    /// `file:line:column`, as editors and compilers write it.
    package var place: String {
        guard let position else { return printable(file) }
        return "\(printable(file)):\(position.line):\(position.column)"
    }

    package var description: String { "\(place): \(message)\n    fix: \(fix)" }
}

/// A file or a set of files that cannot be used, with everything that is wrong in it.
package struct InvalidDocument: Error, Equatable, Sendable, CustomStringConvertible {
    /// Never empty.
    package var diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
    package init(_ diagnostic: Diagnostic) { diagnostics = [diagnostic] }

    package var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}
