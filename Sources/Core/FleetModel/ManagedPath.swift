/// A path on a device that a bundle may manage.
package struct ManagedPath: Hashable, Sendable, CustomStringConvertible {
    package enum Use {
        case file
        /// A directory only gets a mode and an owner, so it may hold protected places.
        case directory
        /// An owned directory loses what it does not list, so it may hold no protected place.
        case ownedDirectory
    }

    /// What the kernel makes, and what belongs to the agent itself: who could manage its trust or
    /// its state could undo every promise.
    package static let protected = [
        "/proc", "/sys", "/dev", "/run/flotilla", "/var/run/flotilla", "/var/lib/flotilla",
        "/etc/flotilla",
    ]
    /// Names that the agent gives to what it stages beside a file.
    package static let reservedPrefix = ".flotilla-"

    package let text: String

    package init(_ text: String, as use: Use = .file) throws(TextFault) {
        let path = try AbsolutePath(text)
        for place in Self.protected {
            let names = place.utf8.dropFirst().split(separator: UInt8(ascii: "/")).map(Array.init)
            if path.names.starts(with: names) {
                throw TextFault(
                    "the path \(quoted(text)) is not for bundles: `\(place)` belongs to the system or to the agent",
                    fix: "Choose a path outside `\(place)`.")
            }
            if use != .directory, names.starts(with: path.names) {
                let what = use == .file ? "be a file" : "be owned"
                throw TextFault(
                    "the path \(quoted(text)) can't \(what), for `\(place)` lies below it",
                    fix: "Choose a path that is not above `\(place)`.")
            }
        }
        if path.names.contains(where: { $0.starts(with: Self.reservedPrefix.utf8) }) {
            throw TextFault(
                "the path \(quoted(text)) has a name that begins with `\(Self.reservedPrefix)`, as the agent's own files do",
                fix: "Use another name.")
        }
        self.text = text
    }

    package var description: String { text }
}
