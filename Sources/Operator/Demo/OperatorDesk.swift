internal import Documents
internal import Foundation
internal import HostSystem
internal import JSONDocument

/// The operator's clone: the sample fleet with the operator's own key, worked on with an editor,
/// Git and `flotilla`, as every day.
package struct OperatorDesk {
    package let folder: String
    /// Where releases are pushed to.
    private let remote: String
    private let tools: Toolbox

    /// Copies the sample fleet and makes a repository of it. Nothing is published yet.
    package init(
        copying fleet: String, trusting signers: [Person], as person: Person,
        _ folder: WorldFolder, _ tools: Toolbox
    ) throws {
        self.folder = folder.desk
        self.tools = tools
        remote = folder.repository
        guard FileManager.default.fileExists(atPath: fleet + "/fleet.yaml") else {
            throw DemoError(
                "\(fleet) is no fleet repository: run the demo where Fleet/ is, or name it with "
                    + "--fleet")
        }
        try FileManager.default.copyItem(atPath: fleet, toPath: folder.desk)
        try git(["init", "--quiet", "--initial-branch=draft"])
        for (name, value) in [
            ("user.name", person.name), ("user.email", "\(person.name)@harbour.example"),
            ("gpg.format", "ssh"), ("user.signingkey", person.key),
        ] { try git(["config", name, value]) }
        try write("trust/allowed_signers", signers.map(\.trustedLine).joined())
    }

    @discardableResult
    func git(_ arguments: [String]) throws -> String {
        try tools.run("git", ["-C", folder] + arguments)
    }

    // MARK: Editing

    package func read(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }

    package func write(_ path: String, _ text: String) throws {
        try WorldFolder.write(text.utf8, to: "\(folder)/\(path)")
    }

    /// Replaces a text that must be there.
    package func replace(_ old: String, with new: String, in path: String) throws {
        let text = try read(path)
        guard text.contains(old) else { throw DemoError("\(path) does not say `\(old)`") }
        try write(path, text.replacingOccurrences(of: old, with: new))
    }

    // MARK: Publishing

    /// Commits everything, makes a signed release with `flotilla publish`, and pushes it. Gives the
    /// release's id. The push sets the channel right where somebody else has moved it.
    package func publish(_ message: String) throws -> String {
        let isFirst =
            try tools.attempt(
                "git", ["-C", folder, "rev-parse", "--verify", "--quiet", "refs/heads/main"]
            ).isSuccess == false
        try git(["add", "--all"])
        try git(["commit", "--quiet", "--no-gpg-sign", "--message", message])
        let answer = try tools.run(
            tools.flotilla,
            ["publish", "--directory", folder, "--json"] + (isFirst ? ["--new-channel"] : []))
        try pushChannel()
        let status = try DeviceStatus(Array(answer.utf8), exit: 0)
        guard let release = status[path: "release"] else {
            throw DemoError("`flotilla publish` named no release: \(answer)")
        }
        return release
    }

    /// Sets the channel on the server to the operator's own.
    package func pushChannel() throws {
        try git(["push", "--quiet", "--force", remote, "refs/heads/main"])
    }

    /// What the installer of a device puts there.
    package func anchor() throws -> String {
        try tools.run(tools.flotilla, ["anchor", "--directory", folder]) + "\n"
    }
}
