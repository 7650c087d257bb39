/// An `http://` or `https://` URL, taken apart as far as a check needs it.
struct ProbeURL: Equatable {
    var isSecure: Bool
    /// An IPv6 address is without its brackets.
    var host: String
    var port: Int
    /// Path and query: what stands in the request's first line.
    var target: String

    /// As it stands in the request's `Host` field.
    var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    init(_ text: String) throws(ProbeFault) {
        // Spaces and line ends would let a URL write more of the request than its first line.
        guard text.utf8.count <= 4_096, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw ProbeFault("the URL is too long or has spaces or other characters to be escaped")
        }
        let rest: Substring
        if text.utf8.starts(with: "http://".utf8) {
            (isSecure, rest) = (false, text.dropFirst("http://".count))
        } else if text.utf8.starts(with: "https://".utf8) {
            (isSecure, rest) = (true, text.dropFirst("https://".count))
        } else {
            throw ProbeFault("the URL does not begin with http:// or https://")
        }
        let place = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.dropFirst(place.count).prefix { $0 != "#" }
        target = path.first == "/" ? String(path) : "/" + path
        guard !place.utf8.contains(UInt8(ascii: "@")) else {
            throw ProbeFault("the URL has a user name, which would be in every report")
        }
        (host, port) = try Self.parse(place, defaultPort: isSecure ? 443 : 80)
    }

    private static func parse(
        _ place: Substring, defaultPort: Int
    ) throws(ProbeFault) -> (host: String, port: Int) {
        var host = place
        var portText: Substring?
        if place.first == "[", let end = place.firstIndex(of: "]") {
            host = place[..<end].dropFirst()
            let after = place[end...].dropFirst()
            guard after.isEmpty || after.first == ":" else {
                throw ProbeFault("the URL's host is malformed")
            }
            if !after.isEmpty { portText = after.dropFirst() }
        } else if let colon = place.firstIndex(of: ":") {
            host = place[..<colon]
            portText = place[colon...].dropFirst()
        }
        guard !host.isEmpty else { throw ProbeFault("the URL has no host") }
        guard let portText else { return (String(host), defaultPort) }
        guard portText.utf8.count <= 5, let port = decimal(portText.utf8),
            (1...65_535).contains(port)
        else { throw ProbeFault("the URL's port is not a number from 1 to 65535") }
        return (String(host), port)
    }
}

/// A number of digits alone; nil for anything else, signs and spaces included.
func decimal(_ text: some Collection<UInt8>) -> Int? {
    guard !text.isEmpty, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(String(decoding: text, as: UTF8.self))
}
