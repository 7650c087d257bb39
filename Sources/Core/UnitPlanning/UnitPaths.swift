internal import FleetModel

/// What a path below systemd's folders means to units (systemd.unit(5)).
enum UnitPaths {
    /// Where systemd looks for unit files.
    private static let folders = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system", "/lib/systemd/system",
    ]

    private static let suffixes = [
        ".service", ".socket", ".timer", ".path", ".mount", ".automount", ".swap", ".target",
        ".slice",
    ]

    /// Whether systemd must read its files again: a unit, a drop-in, or a link in `*.wants/`.
    static func isUnitFile(_ path: String) -> Bool { folders.contains { covers($0, path) } }

    /// The unit whose own file this is; nil for a drop-in, a link in `*.wants/`, and anything else.
    static func unit(of path: String) -> String? {
        guard let (name, rest) = names(of: path), rest.isEmpty, isUnit(name) else { return nil }
        return name
    }

    /// Whether a path is the file of a unit, of its template, or a drop-in of one of them.
    static func isOwn(_ path: String, of unit: String) -> Bool {
        guard let (name, rest) = names(of: path) else { return false }
        if rest.isEmpty { return name == unit || name == template(of: unit) }
        return rest.count == 1 && dropIns(of: unit).contains(name)
    }

    /// `a@b.service` is made of `a@.service`.
    static func template(of unit: String) -> String? {
        guard let at = unit.firstIndex(of: "@"), let dot = unit.lastIndex(of: "."), at < dot else {
            return nil
        }
        return String(unit[...at]) + unit[dot...]
    }

    /// What a socket, timer, path or automount sets going when nobody says otherwise.
    static func started(by unit: String) -> String? {
        for suffix in [".socket", ".timer", ".path"] where unit.hasSuffix(suffix) {
            return unit.dropLast(suffix.count) + ".service"
        }
        if unit.hasSuffix(".automount") { return unit.dropLast(".automount".count) + ".mount" }
        return nil
    }

    static func isSocket(_ unit: String) -> Bool { unit.hasSuffix(".socket") }
    static func isTemplate(_ unit: String) -> Bool { template(of: unit) == unit }

    private static func isUnit(_ name: String) -> Bool {
        suffixes.contains { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
    }

    /// The name just below systemd's folder, and what comes after it.
    private static func names(of path: String) -> (name: String, rest: ArraySlice<Substring>)? {
        guard let folder = folders.first(where: { covers($0, path) }) else { return nil }
        let names = path.dropFirst(folder.count).split(separator: "/")
        return names.first.map { (String($0), names.dropFirst()) }
    }

    /// The folders whose drop-ins systemd reads for a unit: its own, its template's, those of its
    /// dashed prefixes, and its kind's.
    private static func dropIns(of unit: String) -> Set<String> {
        guard let dot = unit.lastIndex(of: ".") else { return [] }
        let suffix = unit[dot...]
        var found = [unit, template(of: unit) ?? unit, String(suffix.dropFirst())]
        let stem = unit[..<dot].prefix { $0 != "@" }
        for index in stem.indices where stem[index] == "-" {
            found.append(String(stem[...index]) + suffix)
        }
        return Set(found.map { $0 + ".d" })
    }
}

/// Whether `path` is `folder` or lies below it.
func covers(_ folder: String, _ path: String) -> Bool {
    path == folder || folder == "/" || path.utf8.starts(with: (folder + "/").utf8)
}
