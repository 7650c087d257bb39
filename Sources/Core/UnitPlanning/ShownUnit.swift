/// What systemd says of one unit: the part of `systemctl show` by which drift is judged.
package struct ShownUnit: Equatable, Sendable {
    /// The names that it has: its own, and its aliases.
    package var names: [String]
    package var load: String
    package var active: String
    package var sub: String
    /// Of its file: `enabled`, `disabled`, `static`, `masked`, …
    package var file: String
    /// Where its own file is.
    package var fragment: String
    package var dropIns: [String]
    /// A unit that does one thing and ends has not stopped.
    package var type: String
    package var result: String
    package var remains: String

    /// What to ask systemd for.
    package static let properties = [
        "Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath",
        "DropInPaths", "Type", "Result", "RemainAfterExit",
    ]

    /// Reads what `systemctl show` prints when it is asked for `properties`.
    package static func read(_ text: String) -> [ShownUnit] {
        ShownProperties.read(text).map(ShownUnit.init)
    }

    /// Without properties: one of which systemd says nothing.
    package init(_ properties: [String: String] = [:]) {
        func value(_ key: String) -> String { properties[key] ?? "" }
        func values(_ key: String) -> [String] { value(key).split(separator: " ").map(String.init) }
        names = (properties["Id"].map { [$0] } ?? []) + values("Names")
        load = value("LoadState")
        active = value("ActiveState")
        sub = value("SubState")
        file = value("UnitFileState")
        fragment = value("FragmentPath")
        dropIns = values("DropInPaths")
        type = value("Type")
        result = value("Result")
        remains = value("RemainAfterExit")
    }

    package var isMasked: Bool {
        load == "masked" || file == "masked" || file == "masked-runtime"
    }

    /// Running, on its way there, or done with what it was started for.
    var isRunning: Bool {
        switch active {
        case "active", "activating", "reloading", "refreshing": true
        case "inactive": type == "oneshot" && remains == "no" && result == "success"
        default: false
        }
    }

    var isStopped: Bool { active == "inactive" || active == "failed" || active == "deactivating" }

    /// Started at each boot. What can't be enabled at all counts as if it was.
    var isEnabled: Bool {
        !["disabled", "linked", "linked-runtime", "enabled-runtime"].contains(file) && !isMasked
    }

    var isDisabled: Bool { file != "enabled" && file != "enabled-runtime" }
}
