package import FleetModel
package import NetworkStreams

/// What to fetch, from where, as whom, and how much patience and space that may cost.
package struct FetchRequest: Sendable {
    /// `http`, `https`, `ssh` or `git`, without a password in it.
    package var url: String
    /// The one branch that is fetched, without `refs/heads/`.
    package var branch: String
    /// Commits that the own store has; what they reach is not downloaded again.
    package var known: [Revision] = []
    package var tls = TLSSettings()
    package var ssh = SSHSettings()
    package var password: HTTPPassword?
    /// How long a server may say nothing.
    package var idleTimeout: Duration = .seconds(60)
    /// How long everything may take. Not kept over ssh, where libssh2 waits by itself: the caller
    /// ends the process.
    package var totalTimeout: Duration = .seconds(6 * 3600)
    /// What a server may send.
    package var receivedLimit: Int = 1 << 30
    /// Admits `file://` and plain paths. For tests: libgit2 copies every branch of them.
    package var allowLocal = false

    package init(url: String, branch: String) {
        self.url = url
        self.branch = branch
    }
}

package struct SSHSettings: Sendable {
    /// Used where the URL names no user.
    package var user = "git"
    /// An ed25519 key in OpenSSH's format, without a passphrase. (RSA does not work: libssh2 of
    /// Debian 12 signs with SHA-1 only, which servers refuse.)
    package var privateKeyFile: String?
    /// Host keys in OpenSSH's known_hosts format with plain names, e.g. the output of
    /// `ssh-keyscan`. A host that is not in it is refused.
    package var knownHostsFile: String?

    package init() {}
}

/// HTTP basic authentication; sent over TLS only.
package struct HTTPPassword: Sendable, CustomStringConvertible {
    package var user: String
    package var password: String

    package init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    package var description: String { "\(user):..." }
}

package struct FetchResult: Equatable, Sendable {
    /// The commit that the branch points to.
    package var tip: Revision
    /// Bytes from the server, TLS included; over ssh those of the pack.
    package var receivedBytes: Int
    /// Objects in the downloaded pack; 0 where nothing was missing.
    package var objects: Int
}

package struct FetchProgress: Equatable, Sendable {
    package var receivedBytes: Int
    package var receivedObjects: Int
    package var totalObjects: Int
}
