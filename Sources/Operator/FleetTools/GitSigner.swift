internal import Foundation

/// Signs as the operator's Git does: with the key of `user.signingkey` and by the program of
/// `gpg.ssh.program`, so that every agent, token and password manager that signs commits signs this
/// too.
package struct GitSigner: Sendable {
    private let git: Git
    private let chosenKey: String?

    /// - Parameters:
    ///   - folder: whose Git configuration counts.
    ///   - key: a key file to sign with instead of Git's.
    package init(folder: String = ".", key: String? = nil) {
        git = Git(folder: folder)
        chosenKey = key
    }

    /// An SSH signature over `text`, in its armor.
    package func sign(_ text: String, namespace: String) async throws(OperatorError) -> [UInt8] {
        let key = try await key()
        let program = try await git.setting("gpg.ssh.program")
        let folder = try SigningFolder()
        do throws(OperatorError) {
            let signature = try await sign(text, namespace, key, program, in: folder)
            try folder.remove()
            return signature
        } catch {
            try folder.remove()
            throw error
        }
    }

    private func sign(
        _ text: String, _ namespace: String, _ key: Key, _ program: String?,
        in folder: SigningFolder
    ) async throws(OperatorError) -> [UInt8] {
        let message = try folder.write("message", text)
        var arguments = program == nil ? ["-q"] : []
        arguments += ["-Y", "sign", "-n", namespace, "-f"]
        switch key {
        case .file(let path): arguments += [path]
        case .inAgent(let publicKey):
            arguments += [try folder.write("key", publicKey + "\n"), "-U"]
        }
        let name = program ?? "ssh-keygen"
        let output = try await runProgram(name, arguments + [message], speaksToOperator: true)
        let signature = FileManager.default.contents(atPath: message + ".sig")
        guard output.isSuccess, let signature else {
            let complaint = output.complaint.isEmpty ? "it tells why above" : output.complaint
            throw OperatorError(
                .environment, "`\(name) -Y sign` could not sign with \(key.name): \(complaint)",
                fix: "Check that the key is there, or that your ssh-agent holds it "
                    + "(`ssh-add -L`); another one is given with --key FILE.")
        }
        return Array(signature)
    }

    // MARK: Which key

    private enum Key {
        case file(String)
        /// Only its public half is known; the agent has the other.
        case inAgent(String)

        var name: String {
            switch self {
            case .file(let path): path
            case .inAgent: "the key of `git config user.signingkey`"
            }
        }
    }

    private func key() async throws(OperatorError) -> Key {
        if let chosenKey { return .file(chosenKey) }
        let fix =
            "Give a key with --key FILE, or tell Git yours: `git config --global gpg.format ssh` "
            + "and `git config --global user.signingkey ~/.ssh/id_ed25519`."
        guard try await git.setting("gpg.format") == "ssh" else {
            throw OperatorError(.environment, "Git does not sign with SSH keys here", fix: fix)
        }
        guard let setting = try await git.setting("user.signingkey") else {
            throw OperatorError(.environment, "Git does not know your signing key", fix: fix)
        }
        // As Git decides it.
        if setting.hasPrefix("key::") { return .inAgent(String(setting.dropFirst(5))) }
        if setting.hasPrefix("ssh-") { return .inAgent(setting) }
        let path = try await git.attempt(["config", "--type=path", "--get", "user.signingkey"])
        return .file(path.isSuccess ? path.text : setting)
    }
}

/// A folder that nobody else may look into, for what a signing program reads and writes.
private struct SigningFolder {
    private let path: String

    init() throws(OperatorError) {
        var template = Array((NSTemporaryDirectory() + "flotilla-sign-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Self.failure(NSTemporaryDirectory(), String(cString: strerror(errno)))
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Writes a file, and gives its path.
    func write(_ name: String, _ text: String) throws(OperatorError) -> String {
        let file = "\(path)/\(name)"
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        } catch {
            throw Self.failure(file, error.localizedDescription)
        }
        return file
    }

    func remove() throws(OperatorError) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw Self.failure(path, error.localizedDescription)
        }
    }

    private static func failure(_ path: String, _ reason: String) -> OperatorError {
        OperatorError(
            .environment, "\(path) can't be used: \(reason)",
            fix: "Check the free space of that folder, or set TMPDIR to another one.")
    }
}
