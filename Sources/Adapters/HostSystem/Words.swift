/// The words of a command line, taken one after the other. Options may stand anywhere; what nobody
/// asked for is a usage error.
package struct Words {
    private var rest: [String]

    package init(_ arguments: [String]) { rest = arguments }

    /// The next word that is not an option.
    package mutating func next() -> String? {
        guard let index = rest.firstIndex(where: { $0.utf8.first != UInt8(ascii: "-") }) else {
            return nil
        }
        return rest.remove(at: index)
    }

    /// The value of an option: `--name value` or `--name=value`.
    package mutating func value(of name: String) -> String? {
        if let index = rest.firstIndex(of: name), index + 1 < rest.count {
            let value = rest[index + 1]
            rest.removeSubrange(index...index + 1)
            return value
        }
        let prefix = Array((name + "=").utf8)
        guard let index = rest.firstIndex(where: { $0.utf8.starts(with: prefix) }) else {
            return nil
        }
        return String(decoding: rest.remove(at: index).utf8.dropFirst(prefix.count), as: UTF8.self)
    }

    package mutating func flag(_ name: String) -> Bool {
        guard let index = rest.firstIndex(of: name) else { return false }
        rest.remove(at: index)
        return true
    }

    /// Throws where words are left over.
    package func finish() throws(Usage) {
        if let first = rest.first { throw Usage("unexpected `\(first)`") }
    }
}

/// The command line is not one that the program knows.
package struct Usage: Error, Equatable, Sendable {
    /// What is wrong with it.
    package var message: String

    package init(_ message: String) { self.message = message }
}
