package import Documents
internal import FleetModel

extension ReportedState: SignedPayload {
    package static let kind = "state"
    package static let namespace = SignatureNamespace.report

    private static let agentBytes = 64
    /// Values of built-in labels come from the machine, and may be longer than a file may write.
    private static let labelBytes = 128
    private static let factBytes = 128

    package var json: JSONValue {
        var members = header(Self.kind)
        members["device"] = .string(device.text)
        members["epoch"] = .integer(epoch)
        members["sequence"] = .integer(sequence)
        members["at"] = .time(at)
        members["agent"] = .prose(agent, limit: Self.agentBytes)
        members["digestVersion"] = 1
        members["phase"] = .string(phase)
        members["generation"] = .count(generation)
        members["confirmed"] = .bool(confirmed)
        members["revision"] = revision.map { .id($0) }
        members["digest"] = digest.map { .digest($0) }
        members["trustHead"] = trustHead.map { .id($0) }
        members["problem"] = problem.map { .prose($0, limit: Limits.problemBytes) }
        members["alarm"] = alarm.map { .string($0) }
        members["hold"] = hold?.json
        members["drift"] = drift.json
        members["labels"] = labelsJSON
        members["facts"] = factsJSON
        members["order"] = order.map { .integer($0) }
        members["stale"] = .bool(isStale)
        return .members(members)
    }

    private var labelsJSON: JSONValue {
        var members: [String: JSONValue] = [:]
        for (key, label) in labels.sorted.prefix(Limits.reportedLabels) {
            members[key] = [
                "value": .prose(label.value, limit: Self.labelBytes),
                "source": .string(label.source.rawValue),
            ]
        }
        return .object(members)
    }

    private var factsJSON: JSONValue {
        let kept = facts.filter { isWord($0.key) }.sorted { byBytes($0.key, $1.key) }
        var members: [String: JSONValue] = [:]
        for (key, value) in kept.prefix(Limits.reportedFacts) {
            members[key] = .prose(value, limit: Self.factBytes)
        }
        return .object(members)
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a device's state")
        let (fleet, channel) = reader.header(Self.kind)
        let device = reader.device("device")
        let (epoch, sequence) = (reader.epoch("epoch"), reader.integer("sequence"))
        let (at, agent) = (reader.instant("at"), reader.prose("agent", limit: Self.agentBytes))
        try reader.finish()
        guard let device else { fatalError("a missing device is a fault") }
        self.init(
            fleet: fleet, channel: channel, device: device, epoch: epoch, sequence: sequence,
            at: at, agent: agent)
        phase = reader.word("phase")
        generation = reader.count("generation")
        confirmed = reader.bool("confirmed")
        revision = reader.optionalObject("revision")
        digest = reader.optionalDigest("digest")
        trustHead = reader.optionalObject("trustHead")
        problem = reader.optionalProse("problem", limit: Limits.problemBytes)
        alarm = reader.optionalWord("alarm")
        order = reader.optionalInteger("order")
        isStale = reader.bool("stale")
        hold = try reader.node("hold").map { node throws(InvalidDocument) in
            try HoldReport(reading: node)
        }
        if let node = reader.requiredNode("drift") { drift = try DriftReport(reading: node) }
        labels = try Self.labels(reader.entries("labels", limit: Limits.reportedLabels))
        facts = Self.facts(&reader)
        try reader.finish()
    }

    private static func facts(_ reader: inout WireReader) -> [String: String] {
        var facts: [String: String] = [:]
        for entry in reader.entries("facts", limit: Limits.reportedFacts) {
            guard isWord(entry.key), let text = entry.value.wireText, text.utf8.count <= factBytes
            else {
                reader.report("a fact has no name, is no text, or is too long")
                continue
            }
            facts[entry.key] = wireText(text, limit: factBytes)
        }
        return facts
    }

    private static func labels(_ entries: [Node.Entry]) throws(InvalidDocument) -> Labels {
        var labels: [String: Label] = [:]
        for entry in entries {
            var reader = WireReader(entry.value, what: "a device's label")
            do throws(TextFault) {
                try LabelSyntax.checkKey(entry.key)
            } catch {
                reader.report(error.message)
            }
            let value = reader.prose("value", limit: labelBytes)
            let source = reader.choice("source", default: LabelSource.local)
            try reader.finish()
            labels[entry.key] = Label(value, from: source)
        }
        return Labels(labels)
    }
}

extension ReportedState.HoldReport {
    fileprivate var json: JSONValue {
        ["reason": .prose(reason, limit: Limits.eventDetailBytes), "until": .time(until)]
    }

    fileprivate init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a device's hold")
        self.init(
            reason: reader.prose("reason", limit: Limits.eventDetailBytes),
            until: reader.instant("until"))
        try reader.finish()
    }
}

extension ReportedState.DriftReport {
    fileprivate var json: JSONValue {
        .members([
            "count": .count(count),
            "paths": .array(
                paths.prefix(Limits.reportedDriftPaths).map {
                    .prose($0, limit: Limits.reportedPathBytes)
                }),
            "since": since.map { .time($0) },
            "contested": contested > 0 ? .count(contested) : nil,
        ])
    }

    fileprivate init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a device's drift")
        self.init(
            count: reader.count("count"),
            paths: reader.texts("paths", limit: Limits.reportedDriftPaths).map {
                wireText($0, limit: Limits.reportedPathBytes)
            },
            since: reader.optionalInstant("since"),
            contested: Int(clamping: reader.optionalInteger("contested") ?? 0))
        try reader.finish()
    }
}
