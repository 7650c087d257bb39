package import Documents
package import FleetModel
package import GitStore
internal import HostSystem
internal import NetworkStreams

/// Where the fleet repository is, and as whom it is fetched: `repository:` of aggregator.yaml.
package struct RepositoryAccess: Equatable, Sendable {
    package var url: String
    /// Paths of PEM files; for https.
    package var ca: String?
    package var certificate: String?
    package var key: String?
    /// Paths; for ssh.
    package var sshKey: String?
    package var knownHosts: String?
    /// For https: a user name, and the path of a file with the password.
    package var user: String?
    package var passwordFile: String?
    /// How long a fetch waits for the next byte.
    package var idleTimeout: Duration = .seconds(60)

    package init(url: String) { self.url = url }

    /// Faults are reported to `reader`, in which the mapping stands at `key`.
    package init?(_ key: String, of reader: inout MappingReader) {
        guard let node = reader.requiredNode(key) else { return nil }
        var inner = MappingReader(node, file: reader.file, what: "`\(key)`")
        url = inner.requiredText("url")?.value ?? ""
        ca = inner.text("ca")?.value
        certificate = inner.text("certificate")?.value
        self.key = inner.text("key")?.value
        sshKey = inner.text("sshKey")?.value
        knownHosts = inner.text("knownHosts")?.value
        user = inner.text("user")?.value
        passwordFile = inner.text("passwordFile")?.value
        if let timeout = inner.duration("idleTimeout") { idleTimeout = timeout }
        inner.finish()
        reader.take(inner.diagnostics)
    }

    /// The fetch that an order asks for.
    package func request(_ order: FetchOrder, branch: String) throws(ChannelFault) -> FetchRequest {
        var request = FetchRequest(url: url, branch: branch)
        request.known = order.known
        request.idleTimeout = idleTimeout
        request.totalTimeout = .seconds(3_600)
        request.receivedLimit = Limits.importBytes
        request.tls.authoritiesFile = ca
        request.tls.certificateFile = certificate
        request.tls.keyFile = key
        request.tls.notBefore = order.notBefore
        request.ssh.privateKeyFile = sshKey
        request.ssh.knownHostsFile = knownHosts
        if let user, let passwordFile {
            request.password = HTTPPassword(
                user: user, password: try Self.firstLine(of: passwordFile))
        }
        return request
    }

    private static func firstLine(of file: String) throws(ChannelFault) -> String {
        let bytes = try at(.fetch) { try Root.contents(ofHostFile: file, limit: 4_096) }
        guard let bytes else {
            throw ChannelFault(.fetch, "the password file \(file) is missing")
        }
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

/// Fetches on the calling thread. Over ssh nothing bounds it (libssh2 waits by itself), so the
/// program lets a child do it; this is what the child does, and enough for tests.
package struct DirectFetch: ChannelFetching {
    private let access: RepositoryAccess
    private let branch: String
    private let allowLocal: Bool

    /// `allowLocal` admits plain paths, for tests.
    package init(_ access: RepositoryAccess, branch: String, allowLocal: Bool = false) {
        self.access = access
        self.branch = branch
        self.allowLocal = allowLocal
    }

    package func fetch(
        _ order: FetchOrder, isStopped: @Sendable () -> Bool
    ) throws(ChannelFault) -> Revision {
        var request = try access.request(order, branch: branch)
        request.allowLocal = allowLocal
        return try at(.fetch) {
            try withoutActuallyEscaping(isStopped) { isStopped in
                try Fetcher(incoming: order.incoming, borrowingFrom: order.objects)
                    .fetch(request) { _ in !isStopped() }.tip
            }
        }
    }
}
