internal import Documents
internal import FleetModel
internal import Foundation
internal import HostSystem
internal import ReleaseTrust

/// Makes a new fleet repository that works at once. Never overwrites anything: everything is made
/// beside its place, and moved there when it is whole.
package struct FleetInitializer {
    package struct Request: Sendable {
        package var folder: String
        /// Nil takes the folder's name.
        package var fleet: String?
        package var channel = "main"
        /// Nil makes one below ~/.config/flotilla/keys.
        package var key: String?

        package init(folder: String) { self.folder = folder }
    }

    private let request: Request
    private let folder: String
    private let channel: ChannelName
    private let keyPath: String
    private var anchorPath: String { folder + ".anchor" }
    private var workFolder: String { folder + ".flotilla-init" }

    package init(
        _ request: Request, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(OperatorError) {
        self.request = request
        folder = URL(fileURLWithPath: request.folder).standardizedFileURL.path
        let name = request.fleet ?? (folder as NSString).lastPathComponent
        guard let channel = ChannelName(fleet: name, channel: request.channel) else {
            throw OperatorError(
                .usage, "`\(name)/\(request.channel)` is not a fleet and a channel",
                fix: "Give names with --fleet and --channel: \(DeviceID.rule).")
        }
        guard channel.channel != Self.workBranch else {
            throw OperatorError(
                .usage, "`\(Self.workBranch)` is the branch for the work, not for releases",
                fix: "Choose another channel.")
        }
        self.channel = channel
        let home = environment["HOME"] ?? NSHomeDirectory()
        let configuration =
            environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.config"
        let key = request.key ?? "\(configuration)/flotilla/keys/\(channel.fleet)"
        keyPath = URL(fileURLWithPath: key).standardizedFileURL.path
    }

    package func make() async throws(OperatorError) -> FleetInitialization {
        try checkNothingIsInTheWay()
        let principal = try await principal()
        let key = try await SigningKey.existingOrNew(at: keyPath, comment: principal)
        do throws(OperatorError) {
            let release = try await fill(workFolder, principal: principal, key: key)
            try writeAnchor(of: release, from: try await FleetRepository(at: workFolder))
            try moveIntoPlace()
            return FleetInitialization(
                folder: folder, channel: channel, release: release, principal: principal,
                keyPath: key.path, isKeyNew: key.isNew, anchorPath: anchorPath,
                device: Self.exampleDevice)
        } catch {
            throw cleanedUp(after: error, key)
        }
    }

    private static let workBranch = "draft"
    private static let exampleDevice: DeviceID = {
        guard let device = DeviceID("device-1") else { fatalError("device-1 is a device id") }
        return device
    }()
}

// MARK: - Steps

extension FleetInitializer {
    private func checkNothingIsInTheWay() throws(OperatorError) {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        if files.fileExists(atPath: folder, isDirectory: &isFolder) {
            let contents = try? files.contentsOfDirectory(atPath: folder)
            guard isFolder.boolValue, contents?.isEmpty == true else {
                throw OperatorError(
                    .refused, "\(folder) exists and is not an empty folder",
                    fix: "Choose another folder; nothing is ever overwritten.")
            }
        }
        for path in [anchorPath, workFolder] where files.fileExists(atPath: path) {
            throw OperatorError(
                .refused, "\(path) exists already",
                fix: "Move it away, or choose another folder; nothing is ever overwritten.")
        }
        if request.key == nil, files.fileExists(atPath: keyPath) {
            throw OperatorError(
                .refused, "there is a key for a fleet `\(channel.fleet)` already: \(keyPath)",
                fix: "Use it with `--key \(keyPath)`, or give the fleet another name.")
        }
        guard keyPath != folder, !keyPath.hasPrefix(folder + "/") else {
            throw OperatorError(
                .usage, "the key \(keyPath) would stand inside the repository",
                fix: "Keep it elsewhere: who clones the repository must not get it.")
        }
    }

    /// Who signs: the address that Git knows, or the account on this machine.
    private func principal() async throws(OperatorError) -> String {
        let known = try await Git(folder: "/").setting("user.email")
        let principal = known ?? "\(NSUserName())@\(ProcessInfo.processInfo.hostName)"
        let isLiteral =
            !principal.isEmpty
            && principal.utf8.allSatisfy { (0x21...0x7e).contains($0) }
            && !principal.contains { "*?!,\"\\#".contains($0) }
        guard isLiteral else {
            throw OperatorError(
                .environment, "`\(principal)` can't name a person in allowed_signers",
                fix: "Set a plain address: `git config --global user.email you@example.org`.")
        }
        return principal
    }

    private func fill(
        _ folder: String, principal: String, key: SigningKey
    ) async throws(OperatorError) -> Revision {
        let above = (self.folder as NSString).deletingLastPathComponent
        try made {
            try FileManager.default.createDirectory(
                atPath: above, withIntermediateDirectories: true)
        }
        try await Git(folder: above).run([
            "init", "-q", "--object-format=sha1", "--initial-branch=\(Self.workBranch)", folder,
        ])
        let git = Git(folder: folder)
        try await configure(git, principal: principal, key: key)
        let files = NewFleetFiles(
            fleet: channel.fleet, channel: channel.channel, principal: principal,
            publicKey: key.publicText, device: Self.exampleDevice)
        for (path, text) in files.all { try write(text, to: "\(folder)/\(path)") }
        try await git.run(["add", "-A"])
        try await git.run([
            "commit", "-q", "--no-gpg-sign", "--no-verify", "-m",
            "Begin the fleet `\(channel.fleet)`",
        ])
        var request = PublicationRequest()
        request.channel = channel.channel
        request.message = "First release"
        request.startsChannel = true
        let publication = try await Publisher(FleetRepository(at: folder), request).publish()
        guard let release = publication.release else { fatalError("A publication makes a release") }
        return release
    }

    private func configure(
        _ git: Git, principal: String, key: SigningKey
    ) async throws(OperatorError) {
        try await git.run(["config", "gpg.format", "ssh"])
        try await git.run(["config", "user.signingkey", key.path])
        try await git.run([
            "config", "gpg.ssh.allowedSignersFile", "\(self.folder)/\(FleetLayout.allowedSigners)",
        ])
        if try await git.setting("user.email") == nil {
            try await git.run(["config", "user.email", principal])
        }
        if try await git.setting("user.name") == nil {
            try await git.run(["config", "user.name", NSUserName()])
        }
    }

    private func writeAnchor(
        of release: Revision, from repository: FleetRepository
    ) throws(OperatorError) {
        try write(repository.anchor(at: release).json.pretty + "\n", to: anchorPath)
    }

    private func moveIntoPlace() throws(OperatorError) {
        try made {
            // An empty folder may stand there; a folder with anything in it is never removed.
            if rmdir(folder) != 0, errno != ENOENT { throw CocoaError(.fileWriteFileExists) }
            try FileManager.default.moveItem(atPath: workFolder, toPath: folder)
        }
    }

    private func write(_ text: String, to path: String) throws(OperatorError) {
        try made {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
        }
    }

    private func made(_ body: () throws -> Void) throws(OperatorError) {
        do {
            try body()
        } catch {
            throw OperatorError(
                .environment, "\(folder) can't be made: \(error.localizedDescription)",
                fix: "Check the folder's owner and the free space, and try again.")
        }
    }

    /// Removes what was made so far. What can't be removed is named, not hidden.
    private func cleanedUp(after error: OperatorError, _ key: SigningKey) -> OperatorError {
        var error = error
        do {
            for path in [workFolder, anchorPath] where FileManager.default.fileExists(atPath: path)
            {
                try FileManager.default.removeItem(atPath: path)
            }
            try key.removeIfNew()
        } catch let leftover {
            error.fix += " Then remove what was left behind: \(leftover.localizedDescription)"
        }
        return error
    }
}
