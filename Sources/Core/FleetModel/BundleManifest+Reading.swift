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
        let mode: BundleMode? = reader.choice("mode")
        let rebootOn = reader.parsedList("reboot-on", AbsolutePath.parse)
        let network = reader.bool("network")
        let files = reader.list("files").compactMap { FileEntry.read($0, &collector) }
        let links = reader.list("links").compactMap { LinkEntry.read($0, &collector) }
        let directories = reader.list("directories").compactMap {
            DirectoryEntry.read($0, &collector)
        }
        let units = reader.list("units").compactMap { UnitEntry.read($0, &collector) }
        let hooks = HookEntry.readAll(&reader, &collector)
        let validators = reader.list("check").compactMap { ValidatorEntry.read($0, &collector) }
        let health = reader.node("health").flatMap { HealthEntry.read($0, &collector) }
        collector.finish(&reader)
        guard let match else { return collector.reading(nil) }
        return collector.reading(
            BundleManifest(
                match: match, needs: needs, drift: drift, mode: mode ?? .apply,
                rebootOn: rebootOn, network: network, files: files, links: links,
                directories: directories, units: units, hooks: hooks, validators: validators,
                health: health))
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
