internal import Documents

extension HealthEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> HealthEntry? {
        var reader = MappingReader(node, file: collector.file, what: "`health`")
        let settle = reader.duration("settle", in: .zero...Limits.gateTime)
        let interval = reader.duration("interval", in: Limits.gateInterval...Limits.gateTime)
        let deadline = reader.duration("deadline", in: Limits.gateInterval...Limits.gateTime)
        let scope: HealthGate.Scope? = reader.choice("gate")
        let wayHome = reader.duration("wayHome", in: .zero...Limits.gateTime)
        var checks: [CheckEntry] = []
        for element in reader.list("checks") {
            guard let check = CheckEntry.read(element, &collector) else { continue }
            if let other = checks.first(where: { $0.name == check.name }) {
                let line = other.namePosition.line
                reader.report(
                    at: check.namePosition,
                    "the check `\(check.name)` is already in this bundle, in line \(line)",
                    fix: "Give each check a name of its own.")
            }
            checks.append(check)
        }
        if let settle, let deadline, settle >= deadline {
            reader.report(
                at: reader.node("deadline")?.position,
                "the deadline of \(deadline.flotillaText) leaves no time to hold for \(settle.flotillaText)",
                fix: "Choose a `deadline` that is longer than `settle`.")
        }
        collector.finish(&reader)
        return HealthEntry(
            settle: settle, interval: interval, deadline: deadline, checks: checks,
            scope: scope, wayHome: wayHome, position: node.position)
    }
}

extension CheckEntry {
    private static let kinds = ["file", "command", "http", "tcp", "unit", "disk", "memory"]

    static func read(_ node: Node, _ collector: inout FaultCollector) -> CheckEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a health check")
        let name = reader.requiredParsed("name", checkName)
        let timeout = reader.duration("timeout", in: Limits.gateInterval...Limits.checkTimeout)
        let retries = reader.integer("retries", in: 0...Limits.checkRetries)
        let present = kinds.filter { reader.node($0) != nil }
        var probe: HealthCheck.Probe?
        if present.count == 1 {
            probe = Self.probe(present[0], &reader, &collector)
        } else {
            let found = present.isEmpty ? "none" : present.joined(separator: " and ")
            reader.report(
                at: node.position, "a health check needs exactly one kind, and this has \(found)",
                fix: "Give it one of: \(kinds.joined(separator: ", ")).")
        }
        let namePosition = reader.node("name")?.position ?? node.position
        collector.finish(&reader)
        guard let name, let probe else { return nil }
        return CheckEntry(
            name: name, namePosition: namePosition, probe: probe, timeout: timeout,
            retries: retries)
    }

    private static func probe(
        _ kind: String, _ reader: inout MappingReader, _ collector: inout FaultCollector
    ) -> HealthCheck.Probe? {
        switch kind {
        case "command": return reader.command(kind).map { .command($0) }
        case "unit": return reader.parsed(kind, UnitEntry.unitName).map { .unit($0) }
        default: break
        }
        guard let node = reader.node(kind) else { return nil }
        var inner = MappingReader(node, file: collector.file, what: "`\(kind)`")
        defer { collector.finish(&inner) }
        switch kind {
        case "file":
            let path = inner.requiredParsed("path", AbsolutePath.parse)
            let contains = inner.parsed("contains", searchedText)
            return path.map { .file(path: $0.text, contains: contains) }
        case "http":
            let url = inner.requiredParsed("url", webAddress)
            let status = inner.integer("status", in: 100...599) ?? 200
            let contains = inner.parsed("contains", searchedText)
            return url.map { .http(url: $0, status: status, contains: contains) }
        case "disk":
            let path = inner.requiredParsed("path", diskPath)
            let free = inner.requiredParsed("free", ByteCount.parse)
            guard let path, let free else { return nil }
            return .disk(path: path, free: free)
        case "memory":
            return inner.requiredParsed("available", ByteCount.parse)
                .map { .memory(available: $0) }
        default:
            let host = inner.requiredParsed("host", hostName)
            let port =
                inner.requiredNode("port") == nil ? nil : inner.integer("port", in: 1...65_535)
            guard let host, let port else { return nil }
            return .tcp(host: host, port: port)
        }
    }

    /// Of a disk, unlike of what is managed, the root itself can be meant.
    private static func diskPath(_ text: String) throws(TextFault) -> String {
        text == "/" ? text : try AbsolutePath(text).text
    }

    static func checkName(_ text: String) throws(TextFault) -> String {
        guard isName(text) else {
            throw TextFault(
                "\(quoted(text)) is not a name for a check or a hook", fix: "Use \(DeviceID.rule).")
        }
        return text
    }

    private static func searchedText(_ text: String) throws(TextFault) -> String {
        guard !text.isEmpty, text.utf8.count <= Limits.wordBytes else {
            throw TextFault(
                "the text to look for is empty or longer than \(Limits.wordBytes) bytes",
                fix: "Write a short text, or leave `contains` out.")
        }
        return text
    }

    private static func webAddress(_ text: String) throws(TextFault) -> String {
        let schemes = ["http://", "https://"]
        let rest = schemes.first { text.hasPrefix($0) }.map { text.utf8.dropFirst($0.utf8.count) }
        let authority = rest?.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard let authority, !authority.isEmpty, !authority.contains(UInt8(ascii: "@")),
            text.utf8.count <= Limits.wordBytes,
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw TextFault(
                "\(quoted(text)) is not an address that can be asked",
                fix: "Write `http://localhost:8080/health`, without a user and without spaces.")
        }
        return text
    }

    private static func hostName(_ text: String) throws(TextFault) -> String {
        guard !text.isEmpty, text.utf8.count <= 253,
            text.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
                    || "-.:_".utf8.contains($0)
            }), text.utf8.first != UInt8(ascii: "-")
        else {
            throw TextFault(
                "\(quoted(text)) is not a host", fix: "Write a name or an address of digits.")
        }
        return text
    }
}
