internal import Foundation

/// A clone in which any commit can be made and pushed without asking `flotilla`: somebody who has
/// the Git server, or an operator who goes his own way.
package struct Workbench {
    private let folder: String
    private let remote: String
    private let tools: Toolbox

    package init(at folder: String, cloning remote: String, _ tools: Toolbox) throws {
        self.folder = folder
        self.remote = remote
        self.tools = tools
        try tools.run("git", ["clone", "--quiet", "--no-checkout", remote, folder])
        try git(["config", "user.name", "somebody"])
        try git(["config", "user.email", "somebody@example.org"])
        try git(["config", "gpg.format", "ssh"])
    }

    @discardableResult
    package func git(_ arguments: [String], input: [UInt8]? = nil) throws -> String {
        try tools.run("git", ["-C", folder] + arguments, input: input)
    }

    /// What a commit makes of a path.
    package enum Change: Sendable {
        case file([UInt8])
        case link(to: String)
        /// A repository inside the repository.
        case submodule
        /// A whole folder, by the id of its tree.
        case folder(String)
        case removed

        package static func text(_ text: String) -> Change { .file(Array(text.utf8)) }
    }

    /// What a commit is made of.
    package struct Draft {
        package var parent: String
        /// What becomes of a path.
        package var changes: [String: Change] = [:]
        package var subject = "Change"
        /// The trailer's value; nil leaves the trailer out.
        package var channel: String? = "harbour/main"
        /// The private key's file; nil leaves the commit unsigned.
        package var key: String?

        package init(parent: String) { self.parent = parent }
    }

    /// Makes the commit; nothing is pushed.
    package func commit(_ draft: Draft) throws -> String {
        try git(["fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*"])
        try git(["read-tree", draft.parent])
        for (path, contents) in draft.changes.sorted(by: { $0.key < $1.key }) {
            try change(path, contents)
        }
        return try commit(tree: git(["write-tree"]), draft)
    }

    /// Makes a commit with a tree that is there already.
    package func commit(tree: String, _ draft: Draft) throws -> String {
        let trailer = draft.channel.map { "\n\nFlotilla-Channel: \($0)" } ?? ""
        let signing = draft.key.map { (["-c", "user.signingkey=\($0)"], ["-S"]) } ?? ([], [])
        return try git(
            signing.0 + ["commit-tree"] + signing.1 + ["-p", draft.parent, "-F", "-", tree],
            input: Array("\(draft.subject)\(trailer)\n".utf8))
    }

    private func change(_ path: String, _ change: Change) throws {
        switch change {
        case .file(let contents): try place("100644", try blob(contents), path)
        case .link(let target): try place("120000", try blob(Array(target.utf8)), path)
        case .submodule: try place("160000", String(repeating: "1", count: 40), path)
        case .folder(let tree):
            try git(["read-tree", "--prefix=\(path)/", tree])
        case .removed: try git(["update-index", "--force-remove", path])
        }
    }

    private func place(_ mode: String, _ object: String, _ path: String) throws {
        try git(["update-index", "--add", "--cacheinfo", "\(mode),\(object),\(path)"])
    }

    package func blob(_ contents: [UInt8]) throws -> String {
        try git(["hash-object", "-w", "--stdin"], input: contents)
    }

    /// A folder with any names, also such as Git itself would not take.
    package func tree(_ lines: [String]) throws -> String {
        try git(["mktree"], input: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// A commit with the message and the signature of `signed`, and the files of `other`.
    package func tampered(_ signed: String, withTreeOf other: String) throws -> String {
        let raw = try git(["cat-file", "commit", signed]) + "\n"
        let (own, foreign) = (
            try git(["rev-parse", "\(signed)^{tree}"]), try git(["rev-parse", "\(other)^{tree}"])
        )
        return try git(
            ["hash-object", "-t", "commit", "-w", "--stdin"],
            input: Array(raw.replacingOccurrences(of: own, with: foreign).utf8))
    }

    /// Makes a commit the tip of the channel, whatever stood there.
    package func push(_ commit: String) throws {
        try git(["push", "--quiet", "--force", remote, "\(commit):refs/heads/main"])
    }
}
