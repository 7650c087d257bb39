internal import Documents
internal import FleetModel

extension Drift {
    /// A line for people.
    var text: String {
        "\(subject): \(detail) (\(kind.rawValue), since \(since), \(standing.rawValue))"
    }

    /// What `status --json` and `diff --json` say of it: a path, or a unit.
    var json: JSONValue {
        [
            "path": isOfUnit ? .null : .string(subject),
            "unit": isOfUnit ? .string(subject) : .null,
            "bundle": .string(bundle), "kind": .string(kind.rawValue), "detail": .string(detail),
            "since": .string(since.description), "standing": .string(standing.rawValue),
            "healed": .integer(Int64(healed)),
        ]
    }
}
