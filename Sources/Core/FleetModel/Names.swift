/// A device's name: `[a-z0-9][a-z0-9._-]{0,62}`, so that it is safe as a file name, a topic level
/// and a certificate's common name.
package struct DeviceID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    package init?(_ text: some StringProtocol) {
        guard isName(text, limit: 63) else { return nil }
        self.text = String(text)
    }

    package var description: String { text }
    package static func < (left: DeviceID, right: DeviceID) -> Bool { left.text < right.text }
    /// What a valid id looks like, for messages.
    package static let rule =
        "1 to 63 of a-z, 0-9, dot, underscore and hyphen, starting with a letter or a digit"
}

/// Names of fleets, channels and bundles follow the rule of device ids.
package func isName(_ text: some StringProtocol, limit: Int = 63) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= limit else { return false }
    return isLowerOrDigit(first)
        && text.utf8.allSatisfy { isLowerOrDigit($0) || $0 == 0x2e || $0 == 0x5f || $0 == 0x2d }
}

private func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// A fleet and one of its channels, written `fleet/channel` as in the `Flotilla-Channel` trailer.
package struct ChannelName: Hashable, Sendable, CustomStringConvertible {
    package let fleet: String
    package let channel: String

    package init?(fleet: String, channel: String) {
        guard isName(fleet), isName(channel) else { return nil }
        self.fleet = fleet
        self.channel = channel
    }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(fleet: String(parts[0]), channel: String(parts[1]))
    }

    package var description: String { "\(fleet)/\(channel)" }
}

/// Whether a path is absolute and in its only normal form: no empty name, no `.`, no `..`, no slash
/// at the end, no NUL, at most `Limits.pathBytes`. The root folder itself is none.
package func isAbsolutePath(_ path: String) -> Bool {
    guard path.utf8.count <= Limits.pathBytes, path.utf8.first == UInt8(ascii: "/") else {
        return false
    }
    // By hand and in one pass: it is asked before every single touch of a file.
    var (length, dots) = (0, 0)
    for byte in path.utf8.dropFirst() {
        if byte == UInt8(ascii: "/") {
            if length == 0 || length == dots && dots <= 2 { return false }
            (length, dots) = (0, 0)
        } else {
            if byte == 0 { return false }
            length += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }
    }
    return length > 0 && !(length == dots && dots <= 2)
}
