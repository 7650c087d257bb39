public import Foundation

/// A real sshd with one host key and one user key; it lets the user that runs the test in.
public struct SSHServer {
    /// Where it listens on 127.0.0.1.
    public let port: Int
    /// The line for a known-hosts file.
    public let knownHost: String
    /// The private key that it accepts.
    public let userKey: URL

    /// The URL of a repository by its path.
    public func url(_ repository: URL) -> String {
        "ssh://\(NSUserName())@127.0.0.1:\(port)\(repository.path)"
    }
}

/// Runs sshd while `body` runs.
public func withSSHServer<Result>(_ body: (SSHServer) throws -> Result) throws -> Result {
    try withTemporaryFolder { folder in
        let hostKey = try makeSSHKey("host", in: folder)
        let userKey = try makeSSHKey("user", in: folder)
        // sshd wants to change its root into this folder.
        try FileManager.default.createDirectory(
            atPath: "/run/sshd", withIntermediateDirectories: true)
        let (process, port) = try startOnFreePort { port in
            let configuration = folder.appendingPathComponent("sshd_config")
            let text = """
                Port \(port)
                ListenAddress 127.0.0.1
                HostKey \(hostKey.path)
                AuthorizedKeysFile \(userKey.path).pub
                StrictModes no
                UsePAM no
                PidFile none
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                PermitRootLogin yes
                """
            try Data(text.utf8).write(to: configuration)
            return try ServerProcess(
                "/usr/sbin/sshd", ["-D", "-e", "-f", configuration.path],
                log: folder.appendingPathComponent("output"))
        }
        defer { process.end() }
        let publicKey = try String(
            contentsOf: hostKey.appendingPathExtension("pub"), encoding: .utf8)
        return try body(
            SSHServer(
                port: port, knownHost: "[127.0.0.1]:\(port) \(publicKey)", userKey: userKey))
    }
}

/// Makes an ed25519 key pair; the public key is beside it with `.pub`.
public func makeSSHKey(_ name: String, in folder: URL) throws -> URL {
    let file = folder.appendingPathComponent(name)
    try run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file.path])
    return file
}
