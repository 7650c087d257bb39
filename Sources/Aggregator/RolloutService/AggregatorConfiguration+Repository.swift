internal import ChannelWatch
internal import Documents
internal import FleetModel

extension AggregatorConfiguration {
    /// `repository:`, with what would otherwise be found out only by a fetch that fails.
    static func repository(_ reader: inout MappingReader) -> RepositoryAccess? {
        let faults = reader.diagnostics.count
        guard let access = RepositoryAccess("repository", of: &reader),
            let node = reader.node("repository"), reader.diagnostics.count == faults
        else { return nil }
        var inner = MappingReader(node, file: reader.file, what: "`repository`")
        defer { reader.take(inner.diagnostics) }
        if let url = inner.text("url"), let fault = fault(ofRepositoryURL: url.value) {
            // Without the URL itself: a password may be in it.
            inner.report(
                at: url.position, "the URL of the repository \(fault.message)", fix: fault.fix)
        }
        for key in ["ca", "certificate", "key", "sshKey", "knownHosts", "passwordFile"] {
            _ = inner.path(key)
        }
        inner.reportHalf(
            "user", "passwordFile", why: "the server is told both or nothing",
            example: "a path, whose first line is the password")
        inner.reportHalf(
            "certificate", "key", why: "one proves nothing without the other",
            example: "the path of a PEM file")
        return access
    }

    /// What the fetch would refuse without asking anybody.
    private static func fault(ofRepositoryURL text: String) -> (message: String, fix: String)? {
        let example =
            "Write `url: https://git.example/fleet.git`, or ssh://git@git.example/fleet.git."
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            return ("has spaces or other characters that no URL has", example)
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].hasPrefix("//") else { return ("has no scheme", example) }
        let scheme = parts[0].lowercased()
        guard ["https", "http", "ssh", "git"].contains(scheme) else {
            return ("has a scheme that is not supported", example)
        }
        let place = parts[1].dropFirst(2).prefix { $0 != "/" }
        let at = place.lastIndex(of: "@")
        if let at, scheme != "ssh" || place[..<at].contains(":") {
            return (
                "holds a user name or a password, and URLs are logged",
                "Take them out, and write them as `user` and `passwordFile`."
            )
        }
        let host = at.map { place[place.index(after: $0)...] } ?? place
        guard let first = host.first, first != ":", first != "-" else {
            return ("names no host", example)
        }
        return nil
    }
}

extension MappingReader {
    /// Two keys that mean something only together.
    fileprivate mutating func reportHalf(
        _ first: String, _ second: String, why: String, example: String
    ) {
        let (one, other) = (node(first), node(second))
        switch (one, other) {
        case (let one?, nil):
            report(
                at: one.position, "`\(first)` is given without `\(second)`: \(why)",
                fix: "Add `\(second)`: \(example); or remove `\(first)`.")
        case (nil, let other?):
            report(
                at: other.position, "`\(second)` is given without `\(first)`: \(why)",
                fix: "Add `\(first)`, or remove `\(second)`.")
        default: break
        }
    }
}
