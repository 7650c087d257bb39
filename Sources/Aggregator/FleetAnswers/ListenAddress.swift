/// Where the API listens: `127.0.0.1:8410`, `[::1]:8410`, `fleet.example.com:8410`. The one reading
/// of `listen`, for the configuration and for the server alike.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// An address without brackets, or a name.
    package let host: String
    /// 0 takes any free one.
    package var port: Int

    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Self.port(text[text.utf8.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "[") {
            guard host.utf8.last == UInt8(ascii: "]") else { return nil }
            host = host.dropFirst().dropLast()
            guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        // The name belongs to the loopback by RFC 6761; a hosts file may say something else.
        self.host = host == "localhost" ? "127.0.0.1" : String(host)
        self.port = port
    }

    /// Digits alone: `Int` would take a sign as well.
    private static func port(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return UInt16(text).map { Int($0) }
    }

    /// Whether nobody on another machine can reach it. A name may mean anything, so none is, and
    /// neither is an address that can be written shorter or that other programs read otherwise.
    package var isLoopback: Bool {
        if host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127"
            && numbers.allSatisfy { text in UInt8(text).map { String($0) == text } ?? false }
    }

    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
