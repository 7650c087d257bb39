internal import Foundation

/// Somebody with a fresh key pair of his own.
package struct Person: Sendable {
    package let name: String
    /// The private half's file.
    package let key: String
    /// `ssh-ed25519 AAAA…`
    package let publicKey: String

    init(_ name: String, keysIn folder: String, _ tools: Toolbox) throws {
        self.name = name
        key = "\(folder)/\(name)"
        try tools.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key])
        let line = try String(contentsOfFile: key + ".pub", encoding: .utf8)
        publicKey = line.split(separator: " ").prefix(2).joined(separator: " ")
    }

    /// A line of `trust/allowed_signers` that trusts this person.
    package var trustedLine: String {
        "\(name) namespaces=\"git,flotilla-release,flotilla-command\" \(publicKey)\n"
    }
}
