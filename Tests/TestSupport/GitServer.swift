public import Foundation

/// Git over HTTP as a small team would serve it: Debian's lighttpd with Git's own http-backend.
public struct GitServer {
    /// How the server uses TLS.
    public struct TLS {
        /// Its certificate.
        public var identity: TestAuthority.Identity
        /// Refuse clients without a certificate of this authority.
        public var clientAuthority: TestAuthority?

        /// A server with a certificate.
        public init(_ identity: TestAuthority.Identity, clientAuthority: TestAuthority? = nil) {
            self.identity = identity
            self.clientAuthority = clientAuthority
        }
    }

    /// The folder whose repositories are served.
    public let repositories: URL
    /// Where the server listens on 127.0.0.1.
    public let port: Int
    let scheme: String

    /// The URL of a repository; `name` is its path below the folder.
    public func url(_ name: String, host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(port)/git/\(name)"
    }

    /// The URL of a repository that redirects to the same one under another host name.
    public func redirectingURL(_ name: String) -> String {
        "\(scheme)://127.0.0.1:\(port)/moved/\(name)"
    }

    /// The URL of a repository that wants user `robot` with password `secret`.
    public func protectedURL(_ name: String) -> String {
        "\(scheme)://127.0.0.1:\(port)/protected/\(name)"
    }
}

/// Serves the repositories of a folder while `body` runs.
public func withGitServer<Result>(
    serving repositories: URL, tls: GitServer.TLS? = nil,
    _ body: (GitServer) throws -> Result
) throws -> Result {
    try withTemporaryFolder { folder in
        let (process, port) = try startOnFreePort { port in
            let configuration = folder.appendingPathComponent("lighttpd.conf")
            try Data("robot:secret\n".utf8).write(to: folder.appendingPathComponent("users"))
            try Data(lighttpd(port, repositories, folder, tls).utf8).write(to: configuration)
            return try ServerProcess(
                "/usr/sbin/lighttpd", ["-D", "-f", configuration.path],
                log: folder.appendingPathComponent("output"))
        }
        defer { process.end() }
        return try body(
            GitServer(
                repositories: repositories, port: port, scheme: tls == nil ? "http" : "https"))
    }
}

/// Starts a server; again where another process was faster at its port.
func startOnFreePort(_ start: (Int) throws -> ServerProcess) throws -> (ServerProcess, Int) {
    for _ in 0..<5 {
        let port = try LoopbackPort.free()
        let process = try start(port)
        if try process.listens(on: port) { return (process, port) }
    }
    throw CommandFailure(command: "a server", status: -1, output: "it ends at once, five times")
}

private func lighttpd(_ port: Int, _ repositories: URL, _ folder: URL, _ tls: GitServer.TLS?)
    -> String
{
    var text = """
        server.modules = ("mod_alias", "mod_redirect", "mod_setenv", "mod_auth",
            "mod_authn_file", "mod_cgi", "mod_openssl")
        server.document-root = "\(repositories.path)"
        server.bind = "127.0.0.1"
        server.port = \(port)
        server.errorlog = "\(folder.path)/errors"
        auth.backend = "plain"
        auth.backend.plain.userfile = "\(folder.path)/users"
        url.redirect = ("^/moved/(.*)$" => "http://localhost:\(port)/git/$1")
        alias.url = (
            "/git" => "/usr/lib/git-core/git-http-backend",
            "/protected" => "/usr/lib/git-core/git-http-backend")
        $HTTP["url"] =~ "^/protected" {
            auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
        }
        $HTTP["url"] =~ "^/(git|protected)" {
            cgi.assign = ("" => "")
            setenv.set-environment = (
                "GIT_PROJECT_ROOT" => "\(repositories.path)", "GIT_HTTP_EXPORT_ALL" => "1",
                "GIT_CONFIG_NOSYSTEM" => "1", "HOME" => "/nonexistent",
                "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory",
                "GIT_CONFIG_VALUE_0" => "*")
        }

        """
    guard let tls else { return text }
    text += """
        ssl.engine = "enable"
        ssl.pemfile = "\(tls.identity.certificate.path)"
        ssl.privkey = "\(tls.identity.key.path)"

        """
    if let authority = tls.clientAuthority {
        text += """
            ssl.ca-file = "\(authority.certificate.path)"
            ssl.verifyclient.activate = "enable"
            ssl.verifyclient.enforce = "enable"

            """
    }
    return text
}
