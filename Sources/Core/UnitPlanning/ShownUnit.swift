/// What systemd says of one unit: the part of `systemctl show` by which drift is judged.
package struct ShownUnit: Equatable, Sendable {
    /// The names that it has: its own, and its aliases.
    package var names: [String] = []
    package var load = ""
    package var active = ""
    package var sub = ""
    /// Of its file: `enabled`, `disabled`, `static`, `masked`, …
    package var file = ""
    /// Where its own file is.
    package var fragment = ""
    package var dropIns: [String] = []
    /// A unit that does one thing and ends has not stopped.
    package var type = ""
    package var result = ""
    package var remains = ""

    package init() {}

    /// What to ask systemd for.
    package static let properties = [
        "Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath",
        "DropInPaths", "Type", "Result", "RemainAfterExit",
    ]

    /// Reads what `systemctl show` prints for several units: blocks of `Key=value` with an empty line
    /// between them. Lines that say something else are passed over.
    package static func read(_ text: String) -> [ShownUnit] {
        var found: [ShownUnit] = []
        var current: ShownUnit?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if let current { found.append(current) }
                current = nil
            } else if let sign = line.firstIndex(of: "=") {
                var standing = current ?? ShownUnit()
                standing.take(line[..<sign], String(line[line.index(after: sign)...]))
                current = standing
            }
        }
        if let current { found.append(current) }
        return found
    }

    private mutating func take(_ key: Substring, _ value: String) {
        switch key {
        case "Id": names.append(value)
        case "Names": names += value.split(separator: " ").map(String.init)
        case "LoadState": load = value
        case "ActiveState": active = value
        case "SubState": sub = value
        case "UnitFileState": file = value
        case "FragmentPath": fragment = value
        case "DropInPaths": dropIns = value.split(separator: " ").map(String.init)
        case "Type": type = value
        case "Result": result = value
        case "RemainAfterExit": remains = value
        default: break
        }
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
