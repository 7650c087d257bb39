package import Documents

/// `groups/<label>=<value>.yaml`: what holds for all devices with one label.
package struct GroupManifest: Equatable, Sendable {
    package var variables: Variables

    package init(variables: Variables = Variables()) { self.variables = variables }

    package static func read(_ node: Node, file: String) -> ManifestReading<GroupManifest> {
        var collector = FaultCollector(file: file)
        var reader = MappingReader(node, file: file, what: "the group's file")
        let variables = reader.variables("vars")
        collector.finish(&reader)
        return collector.reading(GroupManifest(variables: variables))
    }
}
