internal import NIOCore

/// Where the server listens: `127.0.0.1:8410`, `[::1]:8410`, `fleet.example.com:8410`.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// An address without brackets, or a name.
    package let host: String
    /// 0 takes any free one.
    package let port: Int

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.first == "[" {
            guard host.last == "]" else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        // The name belongs to the loopback by RFC 6761; a hosts file may say something else.
        self.host = host == "localhost" ? "127.0.0.1" : String(host)
        self.port = Int(port)
    }

    /// Whether nobody on another machine can reach it. A name may mean anything, so none is.
    package var isLoopback: Bool {
        guard let address = try? SocketAddress(ipAddress: host, port: port) else { return false }
        return switch address {
        case .v4: host.hasPrefix("127.")
        case .v6: host == "::1"
        case .unixDomainSocket: false
        }
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
