internal import Foundation

/// The operator's own key pair, in OpenSSH's format, outside the fleet repository.
struct SigningKey {
    /// Of the private half.
    let path: String
    /// `ssh-ed25519 AAAA…`
    let publicText: String
    /// Whether it was made just now.
    let isNew: Bool

    /// Uses the key at `path`, or makes one there without a passphrase, readable by its owner alone.
    static func existingOrNew(at path: String, comment: String) async throws(OperatorError) -> Self
    {
        let files = FileManager.default
        if files.fileExists(atPath: path) || files.fileExists(atPath: path + ".pub") {
            return Self(path: path, publicText: try publicText(of: path), isNew: false)
        }
        let folder = (path as NSString).deletingLastPathComponent
        do {
            try files.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw OperatorError(
                .environment, "the folder \(folder) can't be made: \(error.localizedDescription)",
                fix: "Choose another place with --key PATH.")
        }
        let made = try await runProgram(
            "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
        guard made.isSuccess else {
            throw OperatorError(
                .environment, "`ssh-keygen` could not make \(path): \(made.complaint)",
                fix: "Choose another place with --key PATH.")
        }
        return Self(path: path, publicText: try publicText(of: path), isNew: true)
    }

    /// Forgets a key that nobody uses because what it was made for failed.
    func removeIfNew() throws {
        guard isNew else { return }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.removeItem(atPath: path + ".pub")
    }

    private static func publicText(of path: String) throws(OperatorError) -> String {
        guard let bytes = FileManager.default.contents(atPath: path + ".pub") else {
            throw OperatorError(
                .environment, "the public key \(path).pub can't be read",
                fix: "Make it: `ssh-keygen -y -f \(path) > \(path).pub`.")
        }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, words[0] == "ssh-ed25519" else {
            throw OperatorError(
                .refused,
                "\(path).pub is not an ed25519 key, which is all that this version verifies",
                fix: "Make one with `ssh-keygen -t ed25519`, or leave --key out.")
        }
        return "\(words[0]) \(words[1])"
    }
}
