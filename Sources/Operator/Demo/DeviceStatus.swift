internal import Documents
internal import JSONDocument

/// What `flotilla-agent status --json` said.
package struct DeviceStatus: Sendable {
    package let exit: Int
    private let root: Node

    package init(_ bytes: [UInt8], exit: Int) throws {
        root = try JSON.parse(bytes, file: "status --json")
        self.exit = exit
    }

    /// The value at a path of keys, such as `alarm.kind`: its text, the number of elements of a
    /// list, or nil for null and for what is not there. `exit` is the command's own exit status.
    package subscript(path path: String) -> String? {
        if path == "exit" { return String(exit) }
        var node = root
        for key in path.split(separator: ".") {
            guard case .mapping(let entries) = node.content,
                let entry = entries.first(where: { $0.key == key })
            else { return nil }
            node = entry.value
        }
        switch node.content {
        case .scalar(let scalar): return scalar.isNull ? nil : scalar.text
        case .sequence(let elements): return String(elements.count)
        case .mapping: return "present"
        }
    }

    /// Expected and found, a line for each value that is not as it should be.
    package func differences(from expected: [String: Word]) -> [String] {
        expected.sorted { $0.key < $1.key }.compactMap { path, word in
            word.fits(self[path: path])
                ? nil : "status \(path): expected \(word), found \(self[path: path] ?? "nothing")"
        }
    }

    /// What a value should be.
    package enum Word: Sendable, CustomStringConvertible {
        case nothing
        case something
        case exactly(String)
        case beginning(String)
        case containing(String)

        func fits(_ text: String?) -> Bool {
            switch self {
            case .nothing: text == nil
            case .something: text != nil
            case .exactly(let expected): text == expected
            case .beginning(let expected): text?.hasPrefix(expected) ?? false
            case .containing(let expected): text?.contains(expected) ?? false
            }
        }

        package var description: String {
            switch self {
            case .nothing: "nothing"
            case .something: "something"
            case .exactly(let text): text
            case .beginning(let text): "\(text)…"
            case .containing(let text): "…\(text)…"
            }
        }
    }
}
