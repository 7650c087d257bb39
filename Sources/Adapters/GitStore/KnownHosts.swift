internal import COpenSSL
internal import FleetModel

/// Pinned ssh host keys in OpenSSH's known_hosts format. Plain names only: a hashed name or a
/// pattern matches nothing here, and the refusal says so.
struct KnownHosts {
    private struct Entry {
        var names: [Substring]
        var key: Substring
        var isRevoked: Bool
    }

    private var entries: [Entry] = []
    private let path: String
    private var hasUnsupportedLines = false

    init(file path: String) throws(GitError) {
        self.path = path
        let bytes = try contents(ofFile: path, limit: Limits.credentialFileBytes)
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            var fields = line.split { $0 == " " || $0 == "\t" }[...]
            guard let first = fields.first, first.first != "#" else { continue }
            let isRevoked = first == "@revoked"
            if isRevoked { fields = fields.dropFirst() }
            let names = fields.first ?? ""
            guard fields.count >= 3, !names.utf8.contains(where: isPattern) else {
                hasUnsupportedLines = true
                continue
            }
            entries.append(
                Entry(
                    names: names.split(separator: ","), key: fields[fields.startIndex + 2],
                    isRevoked: isRevoked))
        }
    }

    /// Why the key that a server shows is refused; nil where it is the pinned one.
    func objection(to key: [UInt8], of host: String, port: Int) -> String? {
        let name = port == 22 ? host : "[\(host)]:\(port)"
        let encoded = base64(key)
        let matching = entries.filter { $0.names.contains { $0.lowercased() == name } }
        if matching.contains(where: { $0.isRevoked && $0.key == encoded }) {
            return "\(path) says that the key of \(name) is revoked"
        }
        if matching.contains(where: { !$0.isRevoked && $0.key == encoded }) { return nil }
        let scan = "ssh-keyscan -p \(port) \(host)"
        let shown = "\(keyType(key)) \(encoded)"
        if matching.isEmpty {
            let hint =
                hasUnsupportedLines
                ? " (hashed names, patterns and certificate authorities in it are not read)" : ""
            return
                "\(name) is not in \(path)\(hint). It shows the key '\(shown)'; if that is right, "
                + "add the output of '\(scan)'"
        }
        return
            "\(name) shows the key '\(shown)', which is not one of those in \(path). Either it is "
            + "another machine, or its keys changed, or the file lacks this type: compare with "
            + "'\(scan)' from a place that you trust"
    }

    /// The first field of the key itself, which is its type.
    private func keyType(_ key: [UInt8]) -> String {
        guard key.count > 4 else { return "unknown" }
        let length = key[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= key.count - 4 else { return "unknown" }
        return sanitized(String(decoding: key[4..<(4 + length)], as: UTF8.self))
    }
}

/// `|` begins a hashed name, `@` a marker other than `@revoked`.
private func isPattern(_ byte: UInt8) -> Bool {
    [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "!"), UInt8(ascii: "|"), UInt8(ascii: "@")]
        .contains(byte)
}

private func base64(_ bytes: [UInt8]) -> String {
    // Four letters for three bytes, and a NUL.
    var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = unsafe EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
    return String(decoding: text[..<Int(count)], as: UTF8.self)
}
