/// A Git URL, taken apart far enough to know what will be talked to. libgit2 parses it again.
struct RemoteURL: Equatable {
    enum Scheme: String {
        case http
        case https
        case ssh
        case git
        case file

        var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            case .ssh: 22
            case .git: 9418
            case .file: 0
            }
        }
    }

    var scheme: Scheme
    var user: String?
    /// In lower case; an IPv6 address is without its brackets. Empty for a local path.
    var host: String
    var port: Int

    /// `allowLocal` admits `file://` and plain paths, which are for tests: libgit2 copies every
    /// branch of a local repository.
    init(_ text: String, allowLocal: Bool) throws(GitError) {
        guard !text.isEmpty, text.utf8.count <= 2_048,
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw Self.invalid("...", "it is empty, too long or has spaces or control characters")
        }
        guard let (name, rest) = Self.splitScheme(text) else {
            guard allowLocal, text.utf8.first == UInt8(ascii: "/") else {
                throw Self.invalid(
                    Self.withoutUser(text),
                    "it has no scheme; write https://host/path or ssh://user@host/path")
            }
            (scheme, user, host, port) = (.file, nil, "", 0)
            return
        }
        guard let scheme = Scheme(rawValue: name), scheme != .file || allowLocal else {
            throw Self.invalid(
                Self.withoutUser(text),
                "'\(name)' is not supported; use https, http, ssh or git")
        }
        self.scheme = scheme
        (user, host, port) = (nil, "", scheme.defaultPort)
        if scheme != .file { try parse(authority: rest.prefix { $0 != "/" }) }
    }

    private mutating func parse(authority: Substring) throws(GitError) {
        var place = authority
        if let at = authority.lastIndex(of: "@") {
            place = authority[authority.index(after: at)...]
            let login = authority[..<at]
            // URLs are logged and reported.
            guard scheme == .ssh, !login.utf8.contains(UInt8(ascii: ":")) else {
                throw Self.invalid(
                    "\(scheme.rawValue)://\(place)",
                    "take user name and password out of the URL and put them into the agent's "
                        + "configuration")
            }
            user = String(login)
        }
        var portText: Substring?
        if place.first == "[", let end = place.firstIndex(of: "]") {
            host = String(place[place.index(after: place.startIndex)..<end])
            let after = place[place.index(after: end)...]
            guard after.isEmpty || after.first == ":" else {
                throw Self.invalid("\(scheme.rawValue)://\(place)", "its host is malformed")
            }
            if !after.isEmpty { portText = after.dropFirst() }
        } else if let colon = place.firstIndex(of: ":") {
            host = String(place[..<colon])
            portText = place[place.index(after: colon)...]
        } else {
            host = String(place)
        }
        host = host.lowercased()
        if let portText {
            guard let number = Int(portText), (1...65_535).contains(number) else {
                throw Self.invalid("\(scheme.rawValue)://\(place)", "its port is not a number")
            }
            port = number
        }
        guard !host.isEmpty, host.utf8.first != UInt8(ascii: "-") else {
            throw Self.invalid("\(scheme.rawValue)://\(place)", "it has no host")
        }
    }

    private static func splitScheme(_ text: String) -> (String, Substring)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = text[text.index(after: colon)...]
        guard rest.utf8.starts(with: "//".utf8) else { return nil }
        return (text[..<colon].lowercased(), rest.dropFirst(2))
    }

    /// The text for an error message: what may be a password is cut off.
    private static func withoutUser(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        return "..." + text[at...]
    }

    private static func invalid(_ text: String, _ message: String) -> GitError {
        GitError(.invalidURL, "use the URL", text, message)
    }
}
