internal import DeviceBus
internal import DeviceLink
internal import DeviceRecords
internal import Digests
internal import FleetModel
internal import HostSystem
internal import ReleaseTrust
internal import WireMessages

/// Puts together what the device says of itself on the bus, from its records.
struct StateReporter {
    let store: RecordStore
    var configuration: AgentConfiguration
    /// A generation's record is large, and never changes.
    private var digest: (generation: Int, digest: ContentDigest?)?

    init(store: RecordStore, configuration: AgentConfiguration) {
        self.store = store
        self.configuration = configuration
    }

    /// Where trust stands: at the trust head, or where the anchor lets it begin.
    func trust() throws(RecordError) -> LinkTrust? {
        if let head = try store.read(TrustHead.self, at: StateLayout.trust) {
            return LinkTrust(head)
        }
        guard let anchor = try store.read(TrustAnchor.self, at: StateLayout.anchor) else {
            return nil
        }
        return LinkTrust(
            signers: anchor.allowedSigners, head: anchor.release,
            committed: Instant(nanoseconds: 0))
    }

    mutating func state(
        _ ledger: Ledger, _ live: LiveStatus, of identity: LinkIdentity
    ) throws(RecordError) -> ReportedState {
        let journal = try store.read(Journal.self, at: StateLayout.journal)
        let now = Clocks.wall()
        let hold = try store.read(Hold.self, at: StateLayout.hold)
        let generation = try store.currentGeneration()
        var state = ReportedState(
            fleet: identity.channel.fleet, channel: identity.channel.channel,
            device: identity.device, epoch: 0, sequence: 0, at: Instant(nanoseconds: 0),
            agent: "\(AgentVersion.current)")
        state.phase = live.phase
        state.generation = generation
        state.confirmed = generation == ledger.confirmed && journal == nil
        state.revision = ledger.revision
        state.digest = try digest(of: generation)
        state.trustHead = try store.read(TrustHead.self, at: StateLayout.trust)?.release
        state.problem = DeviceReport.problem(
            journal: journal, ledger: ledger, live: live, generation: generation
        ).map { wireText($0, limit: Limits.problemBytes) }
        state.alarm = ledger.alarm?.kind
        if let hold, hold.holds(at: now) {
            state.hold = ReportedState.HoldReport(
                reason: wireText(hold.reason, limit: Limits.problemBytes), until: hold.until)
        }
        state.drift = drift(live)
        state.labels = live.identity.labels.byKey.isEmpty ? localLabels() : live.identity.labels
        state.facts = live.identity.facts
        return state
    }

    private mutating func digest(of number: Int) throws(RecordError) -> ContentDigest? {
        if number == 0 { return nil }
        if let digest, digest.generation == number { return digest.digest }
        let found = try store.generationIfWhole(number)?.digest
        digest = (number, found)
        return found
    }

    private func drift(_ live: LiveStatus) -> ReportedState.DriftReport {
        if live.driftCount == 0 { return ReportedState.DriftReport() }
        return ReportedState.DriftReport(
            count: live.driftCount,
            paths: live.drift.prefix(Limits.reportedDriftPaths).map {
                wireText($0.subject, limit: Limits.reportedPathBytes)
            },
            since: live.driftSince, contested: live.contestedCount)
    }

    /// What is known before the worker has looked at the fleet's own labels for this device.
    private func localLabels() -> Labels {
        var labels = Labels()
        labels.add("device.id", Label(configuration.device.text, from: .builtIn))
        labels.add("channel", Label(configuration.channel, from: .builtIn))
        for (key, value) in configuration.labels { labels.add(key, Label(value, from: .local)) }
        return labels
    }
}

extension Ledger {
    /// What happened, as it is told on the bus.
    var events: [DeviceEvent] { outcomes.map(\.event) }
}

extension Ledger.Outcome {
    fileprivate var event: DeviceEvent {
        DeviceEvent(
            sequence: sequence, kind: kind, generation: generation, revision: revision,
            digest: digest, detail: wireText(told, limit: Limits.eventDetailBytes), at: at)
    }

    /// A step, and what ends them all, has no other place for how long it took.
    private var told: String {
        guard isStep || kind == "confirmed", let took else { return detail }
        return detail.isEmpty ? "in \(took.shown)" : "in \(took.shown): \(detail)"
    }
}
