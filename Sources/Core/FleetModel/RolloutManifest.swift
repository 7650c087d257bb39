package import Documents

/// `rollout.yaml`: the waves in which a release reaches the devices, and what stops it. It is part
/// of the release, so it is reviewed and signed with what it rolls out.
///
/// After the waves that it names there is always one more: everything.
package struct RolloutManifest: Equatable, Sendable {
    package static let format = 1

    package struct Wave: Equatable, Sendable {
        package var name: String
        package var namePosition: SourcePosition
        /// The devices that the wave is for, by the labels that they report.
        package var match: Selector
        /// How many of the affected devices that match are let in, those of earlier waves counted
        /// as well; nil means all.
        package var limit: RolloutAmount?
        /// How long all must have been well before the next wave opens.
        package var soak: Duration
        /// Of the devices that came to an outcome, how many hundredths must have succeeded.
        package var success: Int

        package init(
            name: String, namePosition: SourcePosition = SourcePosition(line: 1, column: 1),
            match: Selector = .everyDevice, limit: RolloutAmount? = nil,
            soak: Duration = Wave.defaultSoak, success: Int = 100
        ) {
            self.name = name
            self.namePosition = namePosition
            self.match = match
            self.limit = limit
            self.soak = soak
            self.success = success
        }

        package static let defaultSoak = Duration.seconds(600)
    }

    /// What happens to a release that comes while one is unfinished.
    package enum OnNewer: String, Equatable, Sendable, CaseIterable {
        /// It waits; only the newest is kept.
        case queue
        /// It takes the place of the unfinished one.
        case replace
    }

    package var waves: [Wave]
    /// As many devices that failed halt the rollout; a share is one of the devices let in so far.
    package var stopFailures: RolloutAmount
    /// A device that is online and came to no outcome for so long is silent.
    package var silentAfter: Duration
    /// The devices of a wave begin at moments spread over this time.
    package var spread: Duration
    package var onNewer: OnNewer

    package init(
        waves: [Wave] = [], stopFailures: RolloutAmount = .count(1),
        silentAfter: Duration = .seconds(900), spread: Duration = .zero, onNewer: OnNewer = .queue
    ) {
        self.waves = waves
        self.stopFailures = stopFailures
        self.silentAfter = silentAfter
        self.spread = spread
        self.onNewer = onNewer
    }
}

extension RolloutManifest {
    package static func read(_ node: Node, file: String) -> ManifestReading<RolloutManifest> {
        var collector = FaultCollector(file: file)
        var reader = MappingReader(node, file: file, what: "the rollout's manifest")
        if let newer = newerFormat(&reader) { return ManifestReading(nil, unknown: [newer]) }
        let nodes = reader.list("waves")
        if nodes.count > Limits.waves {
            reader.report(
                at: reader.node("waves")?.position,
                "there are \(nodes.count) waves, and \(Limits.waves) are the most",
                fix:
                    "Make the waves larger: each should let in several times what the last one did."
            )
        }
        let waves = nodes.prefix(Limits.waves).compactMap { Wave.read($0, &collector) }
        if waves.reduce(0, { $0 + $1.match.description.utf8.count }) > Limits.waveSelectorBytes {
            reader.report(
                at: reader.node("waves")?.position,
                "the selectors of all waves have more than \(Limits.waveSelectorBytes) bytes",
                fix: "Give the devices a label of their own and select that.")
        }
        let builtIn = RolloutManifest()
        let stop = reader.node("stop").flatMap { readStop($0, &collector) }
        let silentAfter = reader.duration("silentAfter", in: .seconds(1)...Limits.rolloutTime)
        let spread = reader.duration("spread", in: .zero...Limits.orderSpread)
        let onNewer: OnNewer? = reader.choice("onNewer")
        collector.finish(&reader)
        checkNames(of: waves, &collector)
        return collector.reading(
            RolloutManifest(
                waves: waves, stopFailures: stop ?? builtIn.stopFailures,
                silentAfter: silentAfter ?? builtIn.silentAfter, spread: spread ?? builtIn.spread,
                onNewer: onNewer ?? builtIn.onNewer))
    }

    private static func newerFormat(_ reader: inout MappingReader) -> Diagnostic? {
        guard reader.requiredNode("format") != nil,
            let number = reader.integer("format", in: 1...1_000_000), number > format
        else { return nil }
        return Diagnostic(
            file: reader.file, position: reader.node("format")?.position,
            message: "this rollout has format \(number), and this version knows \(format)",
            fix: "Use a newer version of Flotilla, or write `format: \(format)`.")
    }

    private static func readStop(
        _ node: Node, _ collector: inout FaultCollector
    ) -> RolloutAmount? {
        var reader = MappingReader(node, file: collector.file, what: "`stop`")
        let failures = reader.requiredParsed("failures", RolloutAmount.parse)
        collector.finish(&reader)
        return failures
    }

    private static func checkNames(of waves: [Wave], _ collector: inout FaultCollector) {
        var known: [String: SourcePosition] = [:]
        for wave in waves {
            guard let first = known[wave.name] else {
                known[wave.name] = wave.namePosition
                continue
            }
            collector.add(
                Diagnostic(
                    file: collector.file, position: wave.namePosition,
                    message:
                        "the name `\(wave.name)` is that of the wave at line \(first.line) too",
                    fix: "Give each wave a name of its own."))
        }
    }
}

extension RolloutManifest.Wave {
    static func read(
        _ node: Node, _ collector: inout FaultCollector
    ) -> RolloutManifest.Wave? {
        var reader = MappingReader(node, file: collector.file, what: "a wave")
        let name = reader.requiredParsed("name", waveName)
        let match = reader.parsed("match", Selector.parse)
        let limit = reader.parsed("limit", RolloutAmount.parse)
        let soak = reader.duration("soak", in: .zero...Limits.rolloutTime)
        let success = reader.parsed("success", RolloutAmount.percentage)
        let namePosition = reader.node("name")?.position ?? node.position
        collector.finish(&reader)
        guard let name else { return nil }
        return RolloutManifest.Wave(
            name: name, namePosition: namePosition, match: match ?? .everyDevice, limit: limit,
            soak: soak ?? defaultSoak, success: success ?? 100)
    }

    private static func waveName(_ text: String) throws(TextFault) -> String {
        guard isName(text), text != RolloutManifest.lastWave else {
            throw TextFault(
                text == RolloutManifest.lastWave
                    ? "`\(text)` is the name of the last wave, which is always there"
                    : "\(quoted(text)) is not a name for a wave",
                fix: "Use another name: \(DeviceID.rule).")
        }
        return text
    }
}

extension RolloutManifest {
    /// The name of the wave that comes after all others, and lets everything in.
    package static let lastWave = "everything"

    /// The waves as they open: those that the file names, and the last one.
    package var allWaves: [Wave] { waves + [Wave(name: Self.lastWave, soak: .zero)] }

    /// An earlier wave after which this one can't let in a single device more; nil where there is
    /// none.
    package func waveThatCovers(_ index: Int) -> Wave? {
        let later = waves[index]
        return waves[..<index].first { earlier in
            let isSame = earlier.match.requirements == later.match.requirements
            guard isSame || earlier.match.requirements.isEmpty else { return false }
            switch (earlier.limit, later.limit) {
            case (nil, _), (.percent(100), _): return true
            case (.count(let early), .count(let late)?): return isSame && late <= early
            case (.percent(let early), .percent(let late)?): return isSame && late <= early
            default: return false
            }
        }
    }
}
