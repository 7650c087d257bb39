package import Documents
package import FleetModel

/// What to publish, and how.
package struct PublicationRequest: Sendable {
    package var channel = "main"
    /// The commit whose files are published.
    package var source = "HEAD"
    /// The release's subject; nil takes that of the source.
    package var message: String?
    /// Whether the channel may begin with this release.
    package var startsChannel = false
    /// Whether to stop before anything is made.
    package var isRehearsal = false

    package init() {}
}

/// A release that was made, or would be.
package struct Publication: Report, Sendable {
    package let channel: ChannelName
    package let source: Revision
    /// Nil for the first release of a channel.
    package let previous: Revision?
    /// Nil in a rehearsal.
    package let release: Revision?
    package let subject: String
    /// The person whose key signed it; nil in a rehearsal.
    package let signer: String?
    /// `git diff --name-status` against the previous release.
    package let changes: [String]
    /// Whether files of the working folder are not part of it because nobody committed them.
    package let leavesUncommittedFiles: Bool

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "ok": true, "status": 0, "channel": .string(channel.description),
            "source": .string(source.text), "subject": .string(subject),
            "changes": .array(changes.map { .string($0) }), "rehearsal": .bool(release == nil),
            "leavesUncommittedFiles": .bool(leavesUncommittedFiles),
        ]
        if let previous { members["previous"] = .string(previous.text) }
        if let release { members["release"] = .string(release.text) }
        if let signer { members["signer"] = .string(signer) }
        return .object(members)
    }

    package func lines(on terminal: Terminal) -> [String] {
        var lines: [String] = []
        if let release {
            lines.append(
                terminal.styled("published \(release.short) to \(channel)", .green)
                    + (signer.map { ", signed by \($0)" } ?? ""))
        } else {
            lines.append("would publish to \(channel); nothing was made")
        }
        lines += terminal.wrapped("subject: \(subject)", indent: 4)
        lines.append("    from:    \(source.short)")
        lines.append("    after:   \(previous?.short ?? "nothing: it begins the channel")")
        lines += changes.prefix(Self.shownChanges).map { "    \($0)" }
        if changes.count > Self.shownChanges {
            lines.append("    … and \(changes.count - Self.shownChanges) more")
        }
        if leavesUncommittedFiles {
            lines += terminal.wrapped(
                "Files that are not committed are not part of it: `git status` shows them.")
        }
        if release != nil {
            lines.append("Devices see it after `git push origin \(channel.channel)`.")
        }
        return lines
    }

    private static let shownChanges = 20
}
