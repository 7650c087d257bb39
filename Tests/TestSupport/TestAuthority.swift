public import Foundation

/// A certificate authority of the test's own, made by the real `openssl`.
public struct TestAuthority: Sendable {
    /// A certificate and its key, each a PEM file.
    public struct Identity: Sendable {
        /// The certificate's file.
        public var certificate: URL
        /// The key's file.
        public var key: URL
    }

    /// The kind of the keys.
    public enum KeyKind: Sendable {
        /// What most web servers have.
        case p256
        /// What everybody on the bus has.
        case ed25519

        fileprivate var arguments: [String] {
            switch self {
            case .p256: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            case .ed25519: ["-newkey", "ed25519", "-nodes"]
            }
        }
    }

    /// The authority's certificate.
    public let certificate: URL
    /// The list of revoked certificates.
    public let revoked: URL
    private let folder: URL
    private let key: URL
    private let kind: KeyKind
    private let configuration: URL

    /// Makes an authority whose files are in `folder`.
    public init(
        in folder: URL, name: String = "Test authority", keys kind: KeyKind = .p256
    ) throws {
        self.folder = folder
        self.kind = kind
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appendingPathComponent("authority.crt")
        key = folder.appendingPathComponent("authority.key")
        revoked = folder.appendingPathComponent("authority.crl")
        configuration = folder.appendingPathComponent("authority.cnf")
        try run(
            "openssl",
            ["req", "-x509", "-subj", "/CN=\(name)", "-days", "30"] + kind.arguments
                + ["-keyout", key.path, "-out", certificate.path])
    }

    /// Issues a certificate for 30 days; `names` as in OpenSSL's subjectAltName, `role` becomes the
    /// organizational unit, `organization` the fleet, `usage` as in OpenSSL's extendedKeyUsage.
    public func issue(
        _ subject: String, names: String? = nil, role: String? = nil, usage: String? = nil,
        organization: String? = nil
    ) throws -> Identity {
        let identity = Identity(
            certificate: folder.appendingPathComponent("\(subject).crt"),
            key: folder.appendingPathComponent("\(subject).key"))
        var arguments = ["req", "-x509", "-CA", certificate.path, "-CAkey", key.path]
        arguments += ["-days", "30", "-subj", role.map { "/OU=\($0)" } ?? ""]
        if let organization { arguments[arguments.count - 1] += "/O=\(organization)" }
        arguments[arguments.count - 1] += "/CN=\(subject)"
        if let names { arguments += ["-addext", "subjectAltName=\(names)"] }
        if let usage { arguments += ["-addext", "extendedKeyUsage=\(usage)"] }
        arguments += ["-addext", "basicConstraints=critical,CA:FALSE"] + kind.arguments
        arguments += ["-keyout", identity.key.path, "-out", identity.certificate.path]
        try run("openssl", arguments)
        return identity
    }

    /// Puts a certificate on the list of revoked ones, and writes the list; nil only writes it.
    public func revoke(_ identity: Identity?) throws {
        let database = folder.appendingPathComponent("issued.txt")
        if !FileManager.default.fileExists(atPath: configuration.path) {
            try Data().write(to: database)
            try Data("01\n".utf8).write(to: folder.appendingPathComponent("number"))
            let text = """
                [ca]
                default_ca = own
                [own]
                database = \(database.path)
                crlnumber = \(folder.path)/number
                default_md = default
                default_crl_days = 30
                """
            try Data(text.utf8).write(to: configuration)
        }
        let own = ["-config", configuration.path, "-cert", certificate.path, "-keyfile", key.path]
        if let identity {
            try run("openssl", ["ca"] + own + ["-revoke", identity.certificate.path])
        }
        try run("openssl", ["ca"] + own + ["-gencrl", "-out", revoked.path])
    }
}
