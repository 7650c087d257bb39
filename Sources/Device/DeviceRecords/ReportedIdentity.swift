package import Documents
package import FleetModel

/// Who this device is to its fleet: labels as the last release gave them, and facts.
package struct ReportedIdentity: Equatable, Sendable {
    package var labels: Labels
    /// `arch`, `board`, `os.id`, `os.version`, where the device tells.
    package var facts: [String: String]

    package init(labels: Labels = Labels(), facts: [String: String] = [:]) {
        self.labels = labels
        self.facts = facts
    }

    package var json: JSONValue {
        [
            "labels": .object(
                labels.byKey.mapValues { label in
                    ["value": .string(label.value), "source": .string(label.source.rawValue)]
                }),
            "facts": .object(facts.mapValues { .string($0) }),
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "identity")
        let labelNodes = reader.entries("labels")
        let factNodes = reader.entries("facts")
        try reader.finish()
        var labels = Labels()
        for entry in labelNodes {
            var reader = RecordReader(entry.value, file: file, what: "label")
            let value = reader.text("value")
            let source: LabelSource = reader.choice("source", default: .local)
            try reader.finish()
            labels.add(entry.key, Label(value, from: source))
        }
        var facts: [String: String] = [:]
        for entry in factNodes {
            guard case .scalar(let scalar) = entry.value.content else { continue }
            facts[entry.key] = scalar.text
        }
        self.init(labels: labels, facts: facts)
    }
}
