internal import Documents

extension FileEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> FileEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a file")
        let source = reader.requiredParsed("source", RepositoryPath.parse)
        let path = reader.requiredParsed("path", ManagedPath.file)
        let mode = reader.parsed("mode", FileMode.parse)
        let owner = reader.parsed("owner", Ownership.parse)
        let placement: Placement? = reader.choice("placement")
        let create: Creation? = reader.choice("create")
        let drift: DriftPolicy? = reader.choice("drift")
        let attributes = reader.fileAttributes()
        let isTemplate = reader.bool("template")
        let when = reader.parsed("when", Selector.parse)
        let sourcePosition = reader.node("source")?.position ?? node.position
        let pathPosition = reader.node("path")?.position ?? node.position
        if placement == .link, create == .once || !attributes.isEmpty {
            reader.report(
                at: node.position,
                "a file with `placement: link` can have neither `create: once` nor `attributes`",
                fix: "Remove `placement: link`, so that a real file stands there.")
        }
        collector.finish(&reader)
        guard let source, let path else { return nil }
        return FileEntry(
            source: source, sourcePosition: sourcePosition, path: path,
            pathPosition: pathPosition, mode: mode, owner: owner, placement: placement ?? .copy,
            create: create ?? .always, drift: drift, attributes: attributes,
            isTemplate: isTemplate ?? false, when: when)
    }
}

extension LinkEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> LinkEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a link")
        let path = reader.requiredParsed("path", ManagedPath.file)
        let target = reader.requiredParsed("target", linkTarget)
        let drift: DriftPolicy? = reader.choice("drift")
        let when = reader.parsed("when", Selector.parse)
        let pathPosition = reader.node("path")?.position ?? node.position
        collector.finish(&reader)
        guard let path, let target else { return nil }
        return LinkEntry(
            path: path, pathPosition: pathPosition, target: target, drift: drift, when: when)
    }

    /// Whatever symlink(2) takes; where it leads is the device's business.
    private static func linkTarget(_ text: String) throws(TextFault) -> String {
        guard !text.isEmpty, text.utf8.count <= Limits.pathBytes, !text.utf8.contains(0) else {
            throw TextFault(
                "the target is empty, longer than \(Limits.pathBytes) bytes, or has a NUL",
                fix: "Write the path that the link leads to, such as `../site.conf`.")
        }
        return text
    }
}

extension DirectoryEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> DirectoryEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a directory")
        let isOwned = reader.bool("owned")
        let path = reader.requiredParsed(
            "path", isOwned == true ? ManagedPath.ownedDirectory : ManagedPath.directory)
        let mode = reader.parsed("mode", FileMode.parse)
        let owner = reader.parsed("owner", Ownership.parse)
        let source = reader.parsed("source", RepositoryPath.parse)
        let drift: DriftPolicy? = reader.choice("drift")
        let when = reader.parsed("when", Selector.parse)
        let sourcePosition = reader.node("source")?.position ?? node.position
        let pathPosition = reader.node("path")?.position ?? node.position
        collector.finish(&reader)
        guard let path else { return nil }
        return DirectoryEntry(
            path: path, pathPosition: pathPosition, mode: mode ?? 0o755, owner: owner,
            source: source, sourcePosition: sourcePosition, isOwned: isOwned ?? false,
            drift: drift, when: when)
    }
}

extension MappingReader {
    /// Extended attributes that a file may get: xattr(7). `security.` and `trusted.` are the
    /// kernel's and the device's own, and `system.` holds access lists that would undo `mode`.
    fileprivate mutating func fileAttributes() -> [String: String] {
        var attributes: [String: String] = [:]
        for entry in mapping("attributes") {
            let name = Array(entry.key.utf8)
            guard name.starts(with: "user.".utf8), (6...255).contains(name.count),
                name.allSatisfy({ (0x21...0x7e).contains($0) })
            else {
                report(
                    at: entry.keyPosition,
                    "\(quoted(entry.key)) is not an attribute that a bundle may set",
                    fix: "Use a name that begins with `user.`, such as `user.comment`.")
                continue
            }
            guard case .scalar(let scalar) = entry.value.content,
                scalar.text.utf8.count <= Limits.attributeBytes
            else {
                report(
                    at: entry.value.position,
                    "the attribute `\(entry.key)` must be a text of at most \(Limits.attributeBytes) bytes",
                    fix: "Write `\(entry.key): some text`.")
                continue
            }
            attributes[entry.key] = scalar.text
        }
        if attributes.count > Limits.attributes {
            report(
                at: node("attributes")?.position,
                "a file can have at most \(Limits.attributes) attributes, not \(attributes.count)",
                fix: "Remove some of them.")
        }
        return attributes
    }
}
