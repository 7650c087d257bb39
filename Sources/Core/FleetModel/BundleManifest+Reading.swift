package import Documents

extension BundleManifest {
    /// The devices that the bundle is for. Read alone, so that nothing else in a bundle can hurt a
    /// device that it is not for.
    package static func readMatch(_ node: Node, file: String) -> ManifestReading<Selector> {
        var reader = MappingReader(node, file: file, what: "the bundle's manifest")
        let match = match(&reader)
        return ManifestReading(match, faults: reader.diagnostics)
    }

    /// The agents that the bundle is for; no manifest and no fault means all.
    package static func readNeeds(_ node: Node, file: String) -> ManifestReading<AgentRequirement> {
        var collector = FaultCollector(file: file)
        var reader = MappingReader(node, file: file, what: "the bundle's manifest")
        let needs = needs(&reader, &collector)
        return collector.reading(needs)
    }

    package static func read(_ node: Node, file: String) -> ManifestReading<BundleManifest> {
        var collector = FaultCollector(file: file)
        var reader = MappingReader(node, file: file, what: "the bundle's manifest")
        let match = match(&reader)
        let needs = needs(&reader, &collector)
        let drift: DriftPolicy? = reader.choice("drift")
        let files = reader.list("files").compactMap { FileEntry.read($0, &collector) }
        let directories = reader.list("directories").compactMap {
            DirectoryEntry.read($0, &collector)
        }
        let units = reader.list("units").compactMap { UnitEntry.read($0, &collector) }
        let validators = reader.list("check").compactMap { ValidatorEntry.read($0, &collector) }
        let health = reader.node("health").flatMap { HealthEntry.read($0, &collector) }
        collector.finish(&reader)
        guard let match else { return collector.reading(nil) }
        return collector.reading(
            BundleManifest(
                match: match, needs: needs, drift: drift, files: files, directories: directories,
                units: units, validators: validators, health: health))
    }

    private static func match(_ reader: inout MappingReader) -> Selector? {
        guard reader.node("match") != nil || !reader.isMapping else {
            reader.report(
                at: reader.node.position, "`match` is missing",
                fix: "Add `match: role=gateway`, for example, or `match: \"\"` for every device.")
            return nil
        }
        return reader.parsed("match", Selector.parse)
    }

    private static func needs(
        _ reader: inout MappingReader, _ collector: inout FaultCollector
    ) -> AgentRequirement? {
        guard let node = reader.node("needs") else { return nil }
        var needs = MappingReader(node, file: reader.file, what: "`needs`")
        let agent = needs.requiredParsed("agent", AgentRequirement.parse)
        collector.finish(&needs)
        return agent
    }
}

extension FileEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> FileEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a file")
        let source = reader.requiredParsed("source", RepositoryPath.parse)
        let path = reader.requiredParsed("path", ManagedPath.file)
        let mode = reader.parsed("mode", FileMode.parse)
        let owner = reader.parsed("owner", Ownership.parse)
        let placement: Placement? = reader.choice("placement")
        let isTemplate = reader.bool("template")
        let when = reader.parsed("when", Selector.parse)
        let sourcePosition = reader.node("source")?.position ?? node.position
        let pathPosition = reader.node("path")?.position ?? node.position
        collector.finish(&reader)
        guard let source, let path else { return nil }
        return FileEntry(
            source: source, sourcePosition: sourcePosition, path: path,
            pathPosition: pathPosition, mode: mode, owner: owner, placement: placement ?? .copy,
            isTemplate: isTemplate ?? false, when: when)
    }
}

extension DirectoryEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> DirectoryEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a directory")
        let path = reader.requiredParsed("path", ManagedPath.directory)
        let mode = reader.parsed("mode", FileMode.parse)
        let owner = reader.parsed("owner", Ownership.parse)
        let source = reader.parsed("source", RepositoryPath.parse)
        let when = reader.parsed("when", Selector.parse)
        let sourcePosition = reader.node("source")?.position ?? node.position
        let pathPosition = reader.node("path")?.position ?? node.position
        collector.finish(&reader)
        guard let path else { return nil }
        return DirectoryEntry(
            path: path, pathPosition: pathPosition, mode: mode ?? 0o755, owner: owner,
            source: source, sourcePosition: sourcePosition, when: when)
    }
}

extension UnitEntry {
    private static let suffixes = [
        ".service", ".socket", ".timer", ".path", ".mount", ".automount", ".swap", ".target",
        ".slice",
    ]

    static func read(_ node: Node, _ collector: inout FaultCollector) -> UnitEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a unit")
        let name = reader.requiredParsed("name", unitName)
        let enabled = reader.bool("enabled")
        let activity: DesiredUnit.Activity? = reader.choice("state")
        let restartOn = reader.parsedList("restart-on", AbsolutePath.parse)
        let reloadOn = reader.parsedList("reload-on", AbsolutePath.parse)
        let namePosition = reader.node("name")?.position ?? node.position
        collector.finish(&reader)
        guard let name else { return nil }
        return UnitEntry(
            name: name, namePosition: namePosition, enabled: enabled, activity: activity,
            restartOn: restartOn, reloadOn: reloadOn)
    }

    /// A name as systemd.unit(5) has it, with its suffix; never an option of systemctl.
    static func unitName(_ text: String) throws(TextFault) -> String {
        let isValid =
            text.utf8.count <= 255 && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
                    || ":-_.\\@".utf8.contains($0)
            } && suffixes.contains { text.hasSuffix($0) && text.utf8.count > $0.utf8.count }
        guard isValid else {
            throw TextFault(
                "\(quoted(text)) is not the name of a unit",
                fix: "Write it with its suffix, such as `telemetry.service`.")
        }
        return text
    }
}

extension ValidatorEntry {
    static func read(_ node: Node, _ collector: inout FaultCollector) -> ValidatorEntry? {
        var reader = MappingReader(node, file: collector.file, what: "a check")
        let command = reader.requiredNode("command") == nil ? nil : reader.command("command")
        let timeout = reader.duration(
            "timeout", in: Limits.gateInterval...Limits.checkTimeout)
        collector.finish(&reader)
        return command.map { ValidatorEntry(command: $0, timeout: timeout) }
    }
}
