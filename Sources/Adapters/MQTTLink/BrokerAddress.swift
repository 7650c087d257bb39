/// Where a broker is.
package struct BrokerAddress: Equatable, Sendable, CustomStringConvertible {
    package static let defaultPort = 8883

    /// A name or an address: what the broker's certificate must be for.
    package var host: String
    package var port: Int

    package init(host: String, port: Int = defaultPort) {
        self.host = host
        self.port = port
    }

    /// `mqtts://host`, `mqtts://host:8883` or `mqtts://[2001:db8::1]:8883`; nil for anything else.
    /// There is no form without TLS.
    package init?(url: String) {
        let scheme = "mqtts://"
        guard url.hasPrefix(scheme) else { return nil }
        var rest = Array(url.utf8.dropFirst(scheme.utf8.count))
        if rest.last == UInt8(ascii: "/") { rest.removeLast() }
        let host: ArraySlice<UInt8>
        let tail: ArraySlice<UInt8>
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            (host, tail) = (rest[1..<end], rest[(end + 1)...])
            guard host.contains(UInt8(ascii: ":")) else { return nil }
        } else {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            (host, tail) = (rest[..<end], rest[end...])
        }
        guard !host.isEmpty, host.count <= 253, host.allSatisfy(Self.isAllowedInHost) else {
            return nil
        }
        self.init(host: String(decoding: host, as: UTF8.self))
        if tail.isEmpty { return }
        let digits = tail.dropFirst()
        guard tail.first == UInt8(ascii: ":"), (1...5).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(port)
        else { return nil }
        self.port = port
    }

    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func isAllowedInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"):
            true
        default: false
        }
    }
}
