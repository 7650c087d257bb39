internal import FleetAnswers
internal import HTTPTypes
internal import NIOCore

/// Whether a request names us as its server. A page of another site can let its own name lead to
/// our address and then read what we answer, for the browser takes us for that site; but it can't
/// make the browser name us.
struct HostCheck: Sendable {
    /// Nil where the certificate says which names are right, and the browser sees to it.
    private let names: Set<String>?

    init(_ settings: HTTPSettings) {
        if settings.hostNames.isEmpty && settings.tls != nil {
            names = nil
        } else {
            names = Set(
                (settings.hostNames + ["localhost", settings.listen.host]).map { $0.lowercased() })
        }
    }

    func check(_ authority: String?) throws(APIFault) {
        guard let authority, !authority.isEmpty else {
            throw APIFault(
                .badRequest, "noHost", "the request does not say which host it is for",
                fix: "Send a `Host` field.")
        }
        guard let names else { return }
        let host = Self.host(of: authority).lowercased()
        // An address is not looked up, so nobody can let it lead elsewhere.
        if names.contains(host) || (try? SocketAddress(ipAddress: host, port: 0)) != nil { return }
        throw APIFault(
            .misdirectedRequest, "wrongHost", "`\(host.prefix(100))` is not a name of this server",
            fix: "Use its address or `localhost`, or add the name to `hostNames` of the "
                + "aggregator's configuration.")
    }

    private static func host(of authority: String) -> Substring {
        if authority.first == "[" {
            return authority.dropFirst().prefix { $0 != "]" }
        }
        return authority.prefix { $0 != ":" }
    }
}
