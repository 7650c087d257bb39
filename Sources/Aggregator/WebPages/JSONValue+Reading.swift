internal import Documents

/// The page is made of the API's own answers. What is missing there, or is not what it should be,
/// is shown as nothing: a page that is nearly whole helps more than none.
extension JSONValue {
    subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[key], value != .null else {
            return nil
        }
        return value
    }

    func text(_ key: String) -> String? {
        guard case .string(let text)? = self[key], !text.isEmpty else { return nil }
        return text
    }

    func integer(_ key: String) -> Int? {
        guard case .integer(let value)? = self[key] else { return nil }
        return Int(value)
    }

    func isTrue(_ key: String) -> Bool { self[key] == .bool(true) }

    func items(_ key: String) -> [JSONValue] {
        guard case .array(let items)? = self[key] else { return [] }
        return items
    }

    func texts(_ key: String) -> [String] {
        items(key).compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The members of an object within, in the order of their keys.
    func members(_ key: String) -> [(key: String, value: JSONValue)] {
        guard case .object(let members)? = self[key] else { return [] }
        return members.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
    }

    /// How many devices stand where.
    func counts(_ key: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for (standing, value) in members(key) {
            if case .integer(let count) = value, count > 0 { counts[standing] = Int(count) }
        }
        return counts
    }
}
