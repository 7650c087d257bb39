internal import AgentMachine
internal import DeviceBus
package import DeviceRecords
internal import Digests
package import Documents
internal import FleetModel
internal import HostSystem
internal import ReleaseTrust

/// What the device says of itself, read from its records: it needs no running agent, no network,
/// and no lock.
package struct DeviceReport {
    private let configuration: AgentConfiguration
    private let ledger: Ledger
    private let live: LiveStatus
    private let journal: Journal?
    private let trust: TrustHead?
    private let hold: Hold?
    private let current: GenerationRecord?
    private let currentNumber: Int
    /// Nil where no broker is configured.
    private let link: LinkStatus?

    package init(configuration: AgentConfiguration, store: RecordStore) throws(RecordError) {
        self.configuration = configuration
        ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        live = try store.readIfWhole(LiveStatus.self, at: StateLayout.status) ?? LiveStatus()
        journal = try store.read(Journal.self, at: StateLayout.journal)
        trust = try store.read(TrustHead.self, at: StateLayout.trust)
        let hold = try store.read(Hold.self, at: StateLayout.hold)
        self.hold = hold.flatMap { $0.holds(at: Clocks.wall()) ? $0 : nil }
        currentNumber = try store.currentGeneration()
        current = try store.generation(currentNumber)
        link =
            configuration.broker == nil
            ? nil
            : try store.readIfWhole(LinkStatus.self, at: StateLayout.link) ?? LinkStatus()
    }

    /// Whether the device is where its channel wants it, and stays there.
    package var isWell: Bool { problem == nil }

    /// The first thing that a person should know; nil when all is well.
    package var problem: String? {
        Self.problem(journal: journal, ledger: ledger, live: live, generation: currentNumber)
            ?? link?.concern
    }

    /// The same without the link, for whoever hears it over the link.
    static func problem(
        journal: Journal?, ledger: Ledger, live: LiveStatus, generation: Int
    ) -> String? {
        if let journal, journal.phase == .rebooting {
            let paths = journal.move.rebootFor.joined(separator: ", ")
            return "generation \(journal.move.to) needs a reboot, for \(paths)"
        }
        if let journal {
            return
                "a move to generation \(journal.move.to) is under way (\(journal.phase.rawValue))"
        }
        if let alarm = ledger.alarm { return "\(alarm.kind): \(alarm.detail)" }
        if let problem = live.fetchProblem { return "the last fetch failed: \(problem)" }
        if let drift = live.drift.first, drift.standing == .contested {
            let more = live.contestedCount > 1 ? " (and \(live.contestedCount - 1) more)" : ""
            return "\(drift.subject) is contested: healed \(drift.healed) times, and changed again"
                + more
        }
        if live.driftCount > 0 { return "\(live.driftCount) managed paths differ" }
        if let trouble = live.trouble { return trouble }
        if generation == 0 { return "nothing was applied yet" }
        return nil
    }

    /// Version 1 of `status --json`; docs/device.md describes it.
    package var json: JSONValue {
        [
            "version": 1,
            "device": .string(configuration.device.text),
            "channel": .string(configuration.channel),
            "fleet": optional(trust?.channel.fleet),
            "phase": .string(live.phase),
            "generation": .integer(Int64(currentNumber)),
            "confirmed": .bool(currentNumber == ledger.confirmed && journal == nil),
            "revision": optional(ledger.revision?.text),
            "generationRevision": optional(current?.revision?.text),
            "digest": optional(currentNumber > 0 ? current?.digest.description : nil),
            "trust": trust.map { head in
                [
                    "release": .string(head.release.text),
                    "committed": .string(head.committed.description),
                ]
            } ?? .null,
            "problem": optional(problem),
            "alarm": ledger.alarm.map(Self.told) ?? .null,
            "failed": .array(
                ledger.failed.map { state in
                    [
                        "digest": .string(state.digest.description),
                        "revision": optional(state.revision?.text),
                        "reason": .string(state.reason), "at": .string(state.at.description),
                    ]
                }),
            "last": ledger.outcomes.last.map(Self.told) ?? .null,
            "drift": [
                "count": .integer(Int64(live.driftCount)),
                "paths": .array(live.drift.map { .string($0.subject) }),
                "contested": .integer(Int64(live.contestedCount)),
                "since": optional(live.driftSince?.description),
                "items": .array(live.drift.map(\.json)),
                "scanned": optional(live.lastScan?.description),
                "unwatched": optional(live.watchProblem),
            ],
            "hold": hold.map { hold in
                [
                    "reason": .string(hold.reason), "since": .string(hold.since.description),
                    "until": .string(hold.until.description),
                ]
            } ?? .null,
            "fetch": [
                "last": optional(live.lastFetch?.description),
                "problem": optional(live.fetchProblem),
            ],
            "link": link.map(Self.told) ?? .null,
        ]
    }

    package var text: String {
        var lines = [
            "device      \(configuration.device) on channel \(configuration.channel)",
            "phase       \(live.phase)",
            "generation  \(generationText)",
            "revision    \(ledger.revision?.text ?? "none")",
            "trust head  \(trust.map { "\($0.release) of \($0.committed)" } ?? "none")",
        ]
        if let hold { lines.append("held        until \(hold.until): \(hold.reason)") }
        if live.driftCount > 0 {
            for drift in live.drift.prefix(5) { lines.append("drift       \(drift.text)") }
            if live.driftCount > 5 { lines.append("            and \(live.driftCount - 5) more") }
        }
        if let link { lines.append("link        \(link.text)") }
        lines.append(problem.map { "PROBLEM     \($0)" } ?? "all is well")
        return lines.joined(separator: "\n") + "\n"
    }

    private var generationText: String {
        guard let current, currentNumber > 0 else { return "none" }
        let state = currentNumber == ledger.confirmed ? "confirmed" : "not confirmed"
        return "\(currentNumber) (\(state), \(current.state.files.count) files)"
    }

    /// The last outcomes, newest first, and the generations that are kept.
    package static func history(_ store: RecordStore) throws(RecordError) -> JSONValue {
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let current = try store.currentGeneration()
        var generations: [JSONValue] = []
        for number in try Generations.numbers(in: store) {
            guard let record = try store.generation(number) else { continue }
            generations.append([
                "generation": .integer(Int64(number)),
                "revision": optional(record.revision?.text),
                "digest": .string(record.digest.description),
                "created": .string(record.created.description),
                "current": .bool(number == current),
                "confirmed": .bool(number == ledger.confirmed),
            ])
        }
        return [
            "version": 1, "generations": .array(generations),
            "outcomes": .array(ledger.outcomes.reversed().map(told)),
        ]
    }

    static func told(_ outcome: Ledger.Outcome) -> JSONValue {
        [
            "kind": .string(outcome.kind),
            "generation": outcome.generation.map { .integer(Int64($0)) } ?? .null,
            "revision": optional(outcome.revision?.text),
            "detail": .string(outcome.detail), "at": .string(outcome.at.description),
            "milliseconds": outcome.took.map { .integer($0.flotillaNanoseconds / 1_000_000) }
                ?? .null,
        ]
    }
}

func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
