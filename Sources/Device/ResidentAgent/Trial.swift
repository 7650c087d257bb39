internal import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Keeps the count of what a generation on trial costs. It writes when a boot begins, when the agent
/// had enough time in it, and when the agent ends; where nothing is on trial it writes nothing.
struct Trial {
    let store: RecordStore
    /// Of this life of the agent; nil where nothing is on trial.
    private var count: BootCount?
    /// When the agent has had enough time; nil where that is written down.
    private var enoughAt: Instant?

    init(store: RecordStore) { self.store = store }

    /// Looks at what stands at a start, and gives up what has cost too much. `boots` says whether this
    /// device boots itself.
    mutating func judge(
        _ position: StartPosition, maxBoots: Int, boots: Bool
    ) throws -> StartPosition {
        guard let move = position.trial else {
            try ends()
            return position
        }
        if count?.generation != move.to {
            if case .reboot = position, boots { try countRebootStart() }
            var count = try see(move)
            count.agentBegan()
            try keep(count)
        }
        guard let reason = count?.verdict(maxBoots: maxBoots) else { return position }
        return .giveUp(move, because: reason)
    }

    /// The files of a new generation stand.
    mutating func begins(of move: Move) throws {
        guard move.purpose == .upgrade, count?.generation != move.to else { return }
        var count = try see(move)
        count.agentBegan()
        try keep(count)
    }

    /// Nothing is on trial any more.
    mutating func ends() throws {
        count = nil
        enoughAt = nil
        try store.remove(StateLayout.boots)
    }

    mutating func passes(at now: Instant) throws {
        guard let enoughAt, now >= enoughAt, var current = count else { return }
        current.agentHadTime()
        try store.write(current, at: StateLayout.boots)
        count = current
        self.enoughAt = nil
    }

    /// The agent stops as it was told to.
    mutating func agentEnded() throws {
        guard var current = count else { return }
        current.agentEnded()
        try store.write(current, at: StateLayout.boots)
        count = current
    }

    private func see(_ move: Move) throws -> BootCount {
        // A count that can't be read begins anew: one more boot is better than a way back for nothing.
        let known = try store.readIfWhole(BootCount.self, at: StateLayout.boots)
        return BootCount.seen(known, generation: move.to, boot: try Clocks.bootID())
    }

    private mutating func keep(_ count: BootCount) throws {
        try store.write(count, at: StateLayout.boots)
        self.count = count
        enoughAt = count.hadTime ? nil : Clocks.monotonic() + BootCount.enoughTime
    }

    private func countRebootStart() throws {
        guard var journal = try store.read(Journal.self, at: StateLayout.journal) else { return }
        journal.rebootStarts += 1
        try store.write(journal, at: StateLayout.journal)
    }
}
