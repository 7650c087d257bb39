package import FleetTools
internal import Foundation

/// Where the aggregator is, how to know it, and how it knows us.
package struct ServerAccess: Sendable {
    /// Without a slash at its end.
    package let url: String
    let token: String?
    let tokenFile: String?
    /// The file of the authority that the server's certificate must come from; nil takes those of
    /// the system.
    let authorityFile: String?
    /// Whether nobody named the server, so that the one on this machine is meant.
    let isDefault: Bool

    package static let defaultURL = "http://127.0.0.1:8410"

    /// What the command line says, else the environment: FLOTILLA_SERVER, FLOTILLA_TOKEN_FILE,
    /// FLOTILLA_CA.
    package init(
        server: String? = nil, tokenFile: String? = nil, authorityFile: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(OperatorError) {
        func setting(_ given: String?, _ name: String) -> String? {
            given ?? environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let server = setting(server, "FLOTILLA_SERVER")
        isDefault = server == nil
        url = try Self.checked(server ?? Self.defaultURL)
        self.tokenFile = setting(tokenFile, "FLOTILLA_TOKEN_FILE")
        token = if let file = self.tokenFile { try Self.token(in: file) } else { nil }
        self.authorityFile = setting(authorityFile, "FLOTILLA_CA")
        if token != nil, url.hasPrefix("http:"), !Self.isLoopback(url) {
            throw OperatorError(
                .usage, "\(url) would carry your token through the network for everybody to read",
                fix: "Use https://, and --ca FILE where the certificate is of your own authority.")
        }
    }

    private static func checked(_ text: String) throws(OperatorError) -> String {
        let parts = URLComponents(string: text)
        guard let parts, let scheme = parts.scheme, ["http", "https"].contains(scheme),
            let host = parts.host, !host.isEmpty, parts.query == nil, parts.fragment == nil
        else {
            throw OperatorError(
                .usage, "`\(text)` is not the address of an aggregator",
                fix: "Write it as https://HOST:PORT, with --server or in FLOTILLA_SERVER.")
        }
        guard parts.user == nil, parts.password == nil else {
            throw OperatorError(
                .usage, "the aggregator's address has a name or a password in it",
                fix: "Leave it out, and give a file with the token: --token-file FILE.")
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private static func isLoopback(_ url: String) -> Bool {
        let host = URLComponents(string: url)?.host ?? ""
        return ["localhost", "[::1]", "::1"].contains(host) || host.hasPrefix("127.")
    }

    /// More than any token has.
    private static let tokenBytes = 4_096

    private static func token(in file: String) throws(OperatorError) -> String {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: tokenBytes) ?? Data()
        } catch {
            throw OperatorError(
                .environment,
                "the token file \(file) can't be read: \(error.localizedDescription)",
                fix: "Copy the aggregator's token there (`tokenFile` of its configuration), for "
                    + "your eyes only: chmod 600.")
        }
        let token = String(decoding: bytes, as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.count < tokenBytes,
            token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw OperatorError(
                .environment, "\(file) does not hold a token: one line of plain signs",
                fix: "Copy the aggregator's token there again.")
        }
        return token
    }
}
