public import Foundation

/// A certificate authority of the test's own, made by the real `openssl`.
public struct TestAuthority {
    /// A certificate and its key, each a PEM file.
    public struct Identity {
        /// The certificate's file.
        public var certificate: URL
        /// The key's file.
        public var key: URL
    }

    /// The authority's certificate.
    public let certificate: URL
    private let folder: URL
    private let key: URL

    /// Makes an authority whose files are in `folder`.
    public init(in folder: URL, name: String = "Test authority") throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appendingPathComponent("authority.crt")
        key = folder.appendingPathComponent("authority.key")
        try run(
            "openssl",
            ["req", "-x509", "-subj", "/CN=\(name)", "-days", "30"] + Self.newKey
                + ["-keyout", key.path, "-out", certificate.path])
    }

    /// Issues a certificate for 30 days; `names` as in OpenSSL's subjectAltName.
    public func issue(_ subject: String, names: String) throws -> Identity {
        let identity = Identity(
            certificate: folder.appendingPathComponent("\(subject).crt"),
            key: folder.appendingPathComponent("\(subject).key"))
        try run(
            "openssl",
            ["req", "-x509", "-CA", certificate.path, "-CAkey", key.path, "-days", "30"]
                + ["-subj", "/CN=\(subject)", "-addext", "subjectAltName=\(names)"]
                + ["-addext", "basicConstraints=critical,CA:FALSE"] + Self.newKey
                + ["-keyout", identity.key.path, "-out", identity.certificate.path])
        return identity
    }

    private static let newKey = [
        "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
    ]
}
