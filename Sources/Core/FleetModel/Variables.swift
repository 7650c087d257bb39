package import Documents

/// A text that templates may use, and where it was set.
package struct Variable: Equatable, Sendable {
    package var value: String
    package var file: String
    package var position: SourcePosition

    package init(value: String, file: String, position: SourcePosition) {
        self.value = value
        self.file = file
        self.position = position
    }

    package var place: String { "\(file):\(position.line):\(position.column)" }
}

/// The `vars` of one file, or of several merged.
package struct Variables: Equatable, Sendable {
    package private(set) var byName: [String: Variable]

    package init(_ byName: [String: Variable] = [:]) { self.byName = byName }

    package subscript(name: String) -> Variable? { byName[name] }

    /// These variables, with those of `others` before them.
    package func overridden(by others: Variables) -> Variables {
        Variables(byName.merging(others.byName) { $1 })
    }

    /// These and those of `others`. A variable that both set, each to another value, is a fault,
    /// unless `decided` has it anyway.
    package func joined(
        with others: Variables, decided: Variables
    ) -> (variables: Variables, faults: [Diagnostic]) {
        var joined = byName
        var faults: [Diagnostic] = []
        for (name, variable) in others.byName.sorted(by: { byBytes($0.key, $1.key) }) {
            if let other = byName[name], other.value != variable.value, decided[name] == nil {
                faults.append(
                    Diagnostic(
                        file: variable.file, position: variable.position,
                        message:
                            "`\(name)` is set differently by another group of the same device, at \(other.place)",
                        fix: "Set it in one of the two groups, or in the device's own file."))
            }
            joined[name] = variable
        }
        return (Variables(joined), faults)
    }

    /// `[A-Za-z_][A-Za-z0-9_]*`
    package static func isName(_ name: some StringProtocol) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.count <= 63 && name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == 0x5f
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
