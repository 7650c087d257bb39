package import Documents

/// `devices/<xx>/<id>.yaml`: what holds for one device.
package struct DeviceManifest: Equatable, Sendable {
    package var labels: [String: String]
    package var variables: Variables

    package init(labels: [String: String] = [:], variables: Variables = Variables()) {
        self.labels = labels
        self.variables = variables
    }

    package static func read(_ node: Node, file: String) -> ManifestReading<DeviceManifest> {
        var collector = FaultCollector(file: file)
        var reader = MappingReader(node, file: file, what: "the device's file")
        let labels = reader.labels("labels", labelValue)
        let variables = reader.variables("vars")
        collector.finish(&reader)
        return collector.reading(DeviceManifest(labels: labels, variables: variables))
    }

    private static func labelValue(_ node: Node) throws(TextFault) -> String {
        guard case .scalar(let scalar) = node.content, !scalar.isNull else {
            throw TextFault(
                "a label's value must be a text, and this is \(node.kind)",
                fix: "Write `role: gateway`.")
        }
        try LabelSyntax.checkValue(scalar.text)
        return scalar.text
    }
}
