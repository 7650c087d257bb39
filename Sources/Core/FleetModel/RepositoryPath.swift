/// A path inside a bundle's folder, as `source` names it.
package struct RepositoryPath: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) throws(TextFault) {
        guard let first = text.utf8.first else {
            throw TextFault(
                "the source path is empty", fix: "Name a file below the bundle's folder.")
        }
        guard first != UInt8(ascii: "/") else {
            throw TextFault(
                "the source \(quoted(text)) is absolute",
                fix: "Write it relative to the bundle's folder, such as `files/example.conf`.")
        }
        for name in try PathNames.check(text, from: 0) where Self.meansGit(name) {
            throw TextFault(
                "the source \(quoted(text)) leads into Git's own folder",
                fix: "Use a name other than `.git`.")
        }
        self.text = text
    }

    package var description: String { text }

    /// `.git` in any case, and the short name that some file systems give it.
    private static func meansGit(_ name: [UInt8]) -> Bool {
        let lower = String(decoding: name, as: UTF8.self).lowercased()
        return lower == ".git" || lower == "git~1"
    }
}
