package import Documents

/// What a file of a bundle is like where the bundle does not say.
package struct FileDefaults: Equatable, Sendable {
    package var mode: UInt16
    package var owner: Ownership
    package var drift: DriftPolicy

    package init(mode: UInt16 = 0o644, owner: Ownership = .root, drift: DriftPolicy = .heal) {
        self.mode = mode
        self.owner = owner
        self.drift = drift
    }
}

/// How a release reaches the devices.
package enum RolloutMode: String, Equatable, Sendable, CaseIterable {
    /// Each device applies every trusted release by itself, without orders and without a broker.
    case none
    /// A device applies a release when an order of the aggregator opens it there, wave by wave, as
    /// `rollout.yaml` says.
    case waves
}

/// `fleet.yaml`: what holds for the whole fleet.
package struct FleetManifest: Equatable, Sendable {
    package static let format = 1

    package var name: String
    /// What all MQTT topics of this fleet begin with.
    package var topic: String
    package var rollout: RolloutMode
    package var defaults: FileDefaults
    package var variables: Variables
    /// The labels that devices may give themselves, each with its allowed values, sorted.
    package var localLabels: [String: [String]]

    package init(
        name: String, topic: String? = nil, rollout: RolloutMode = .none,
        defaults: FileDefaults = FileDefaults(), variables: Variables = Variables(),
        localLabels: [String: [String]] = [:]
    ) {
        self.name = name
        self.topic = topic ?? "flotilla/\(name)"
        self.rollout = rollout
        self.defaults = defaults
        self.variables = variables
        self.localLabels = localLabels
    }
}

extension FleetManifest {
    package static func read(_ node: Node, file: String) -> ManifestReading<FleetManifest> {
        var collector = FaultCollector(file: file)
        var reader = MappingReader(node, file: file, what: "the fleet's manifest")
        if let newer = newerFormat(&reader) { return ManifestReading(nil, unknown: [newer]) }
        let name = reader.requiredParsed("name", fleetName)
        let topic = reader.parsed("topic", topicPrefix)
        let rollout: RolloutMode? = reader.choice("rollout")
        let defaults = readDefaults(reader.node("defaults"), &collector)
        let variables = reader.variables("vars")
        let localLabels = readLabels(reader.node("labels"), &collector)
        collector.finish(&reader)
        return collector.reading(
            FleetManifest(
                name: name ?? "", topic: topic, rollout: rollout ?? RolloutMode.none,
                defaults: defaults,
                variables: variables, localLabels: localLabels))
    }

    /// A fault where the file is written in a format of a later version; nothing else in it can
    /// then be judged.
    private static func newerFormat(_ reader: inout MappingReader) -> Diagnostic? {
        guard reader.requiredNode("format") != nil,
            let number = reader.integer("format", in: 1...1_000_000), number > format
        else { return nil }
        return Diagnostic(
            file: reader.file, position: reader.node("format")?.position,
            message: "this fleet repository has format \(number), and this version knows \(format)",
            fix: "Use a newer version of Flotilla, or write `format: \(format)`.")
    }

    private static func fleetName(_ text: String) throws(TextFault) -> String {
        guard isName(text) else {
            throw TextFault(
                "\(quoted(text)) is not a name for a fleet", fix: "Use \(DeviceID.rule).")
        }
        return text
    }

    /// Names with slashes between them, without what MQTT gives a meaning.
    package static func isTopicPrefix(_ text: String) -> Bool {
        let names = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return text.utf8.count <= 200
            && names.allSatisfy { name in
                !name.isEmpty
                    && name.allSatisfy {
                        $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "+")
                            && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "$")
                    }
            }
    }

    private static func topicPrefix(_ text: String) throws(TextFault) -> String {
        guard isTopicPrefix(text) else {
            throw TextFault(
                "\(quoted(text)) can't begin MQTT topics",
                fix: "Write names with slashes between them, without spaces, `+`, `#` and `$`.")
        }
        return text
    }

    /// How releases reach the devices, and nothing else of the file: no other fault in it may keep
    /// a device from knowing that it has to wait for an order.
    package static func readRollout(_ node: Node, file: String) -> ManifestReading<RolloutMode> {
        var reader = MappingReader(node, file: file, what: "the fleet's manifest")
        if let newer = newerFormat(&reader) { return ManifestReading(nil, unknown: [newer]) }
        let mode: RolloutMode? = reader.choice("rollout")
        guard reader.diagnostics.isEmpty else {
            return ManifestReading(nil, faults: reader.diagnostics)
        }
        return ManifestReading(mode ?? RolloutMode.none)
    }

    private static func readDefaults(
        _ node: Node?, _ collector: inout FaultCollector
    ) -> FileDefaults {
        guard let node else { return FileDefaults() }
        var reader = MappingReader(node, file: collector.file, what: "`defaults`")
        let builtIn = FileDefaults()
        let defaults = FileDefaults(
            mode: reader.parsed("mode", FileMode.parse) ?? builtIn.mode,
            owner: reader.parsed("owner", Ownership.parse) ?? builtIn.owner,
            drift: reader.choice("drift") ?? builtIn.drift)
        collector.finish(&reader)
        return defaults
    }

    private static func readLabels(
        _ node: Node?, _ collector: inout FaultCollector
    ) -> [String: [String]] {
        guard let node else { return [:] }
        var reader = MappingReader(node, file: collector.file, what: "`labels`")
        let labels = reader.labels("local", allowedValues)
        collector.finish(&reader)
        return labels
    }

    private static func allowedValues(_ node: Node) throws(TextFault) -> [String] {
        guard case .sequence(let elements) = node.content, !elements.isEmpty else {
            throw TextFault(
                "a local label needs the list of its allowed values, and this is \(node.kind)",
                fix: "Write `role: [gateway, kiosk]`.")
        }
        var values: Set<String> = []
        for element in elements {
            guard case .scalar(let scalar) = element.content else {
                throw TextFault(
                    "an allowed value must be a text, and one of these is \(element.kind)",
                    fix: "Write `role: [gateway, kiosk]`.")
            }
            try LabelSyntax.checkValue(scalar.text)
            values.insert(scalar.text)
        }
        return values.sorted(by: byBytes)
    }
}
