internal import AgentMachine
internal import DeviceBus
internal import DeviceLink
internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import ReleaseTrust
internal import Transaction

/// Lets a device go on whose own records can't be read, be it that the disk damaged them or that a
/// newer agent wrote them. They are moved aside, and what they said is put together again from
/// what is left, in doubt the careful way: `current` is what stands, and it is looked at again.
struct RecordRepair {
    let store: RecordStore

    /// How long a device is held that was held for nobody knows how long.
    private static let holdAgain = Duration.seconds(4 * 3_600)

    /// To be called under the device's lock, when nothing is under way.
    ///
    /// - Returns: what was done, a line each.
    func run(at now: Instant) throws -> [String] {
        var lines: [String] = []
        let lostJournal = try setAside(Journal.self, StateLayout.journal, &lines)
        _ = try setAside(Ledger.self, StateLayout.ledger, &lines)
        if try setAside(TrustHead.self, StateLayout.trust, &lines) {
            lines.append("the trust head begins again at \(StateLayout.anchor)")
        }
        if try setAside(Hold.self, StateLayout.hold, &lines) {
            let hold = Hold(
                reason: "the record of a hold was damaged", since: now,
                until: now + Self.holdAgain)
            try store.write(hold, at: StateLayout.hold)
            lines.append("the device is held until \(hold.until)")
        }
        try restoreLink(&lines)
        let confirmed = try rebuildLedger(at: now, &lines)
        if lostJournal, let journal = try journalFromDisk(confirmed: confirmed) {
            try store.write(journal, at: StateLayout.journal)
            lines.append("generation \(journal.move.to) is put right and looked at again")
        }
        return lines
    }

    /// A lost link `current` must not look like a device before Flotilla: what it manages would be
    /// taken for what stood there before, and what did stand there would be forgotten.
    private func restoreLink(_ lines: inout [String]) throws {
        let root = store.root
        guard try !root.exists(StateLayout.current) else { return }
        let confirmed = try store.read(Ledger.self, at: StateLayout.ledger)?.confirmed ?? 0
        let journal = try store.read(Journal.self, at: StateLayout.journal)
        // A move that comes from generation 0 has no link before its commit point.
        guard confirmed > 0, try root.exists(StateLayout.generation(confirmed)) else { return }
        let number = journal.map { $0.phase == .flipping ? $0.move.from : $0.move.to } ?? confirmed
        let ready = StateLayout.current + ".new"
        try root.unlink(ready, missingIsFine: true)
        try root.symbolicLink("generations/\(number)", at: ready)
        try root.rename(ready, to: StateLayout.current)
        try root.syncFolder(StateLayout.state)
        lines.append("the link \(StateLayout.current) was lost; it leads to \(number) again")
    }

    /// Whether the record was damaged.
    private func setAside<Record: DeviceRecord>(
        _ type: Record.Type, _ path: String, _ lines: inout [String]
    ) throws -> Bool {
        do throws(RecordError) {
            _ = try store.read(type, at: path)
            return false
        } catch {
            guard error.isDamage else { throw error }
            try store.setAside(path)
            lines.append("DAMAGED: \(error); it is now \(StateLayout.damaged(path))")
            return true
        }
    }

    /// A ledger that is lost while a generation stands.
    ///
    /// - Returns: the confirmed generation.
    private func rebuildLedger(at now: Instant, _ lines: inout [String]) throws -> Int {
        if let ledger = try store.read(Ledger.self, at: StateLayout.ledger) {
            return ledger.confirmed
        }
        let current = try store.currentGeneration()
        var ledger = Ledger()
        // What waits for the aggregator was numbered by the ledger that is gone.
        ledger.count(above: try OutboxFile.open(StateLayout.outbox, below: store.root).outbox.last)
        guard current > 0 else {
            if ledger.lastSequence > 0 { try store.write(ledger, at: StateLayout.ledger) }
            return 0
        }
        let move = try store.read(Journal.self, at: StateLayout.journal)?.move
        // What is being left by an upgrade was good; what a way back or a healing leads to is.
        ledger.confirmed = move.map { $0.purpose == .upgrade ? $0.from : $0.to } ?? current
        ledger.revision = try store.generationIfWhole(ledger.confirmed)?.revision
        ledger.append(
            Ledger.Outcome(
                kind: "damaged", generation: current,
                detail: "the ledger was lost: what failed here before is forgotten", at: now))
        try store.write(ledger, at: StateLayout.ledger)
        lines.append("the ledger begins again at generation \(ledger.confirmed)")
        return ledger.confirmed
    }

    /// Without its journal nobody knows what a device was doing, and the link `current` is the truth:
    /// its generation is placed again. Where that was not confirmed, the units and the gate follow.
    private func journalFromDisk(confirmed: Int) throws -> Journal? {
        let current = try store.currentGeneration()
        if current != confirmed {
            return Journal(
                phase: .flipping, move: Move(.upgrade, from: confirmed, to: current))
        }
        guard let record = try store.generationIfWhole(current) else { return nil }
        var inspector = Inspector(root: store.root)
        let paths = try inspector.deviations(
            from: record, watching: record.state.watchingApplied
        ).map(\.path)
        if paths.isEmpty { return nil }
        return Journal(
            phase: .flipping, move: Move(.heal, from: current, to: current, paths: paths))
    }
}
