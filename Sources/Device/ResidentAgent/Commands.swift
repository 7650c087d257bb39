internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import FleetModel
package import HostSystem
internal import Transaction

/// What a technician does on site, without a network.
package struct Commands {
    let root: Root
    var store: RecordStore

    package init(_ root: Root) {
        self.root = root
        store = RecordStore(root: root)
    }

    /// How long a command waits for the agent to finish what it is doing.
    static let patience = Duration.seconds(60)

    // MARK: Doing

    package func sync(_ loop: AgentLoop) throws -> AgentExit {
        guard try loop.runOnce(patience: Self.patience, .syncRequested) else { return busy() }
        // It has the records in memory that are to be shown.
        var knowing = self
        knowing.store = loop.store
        return try knowing.status(asJSON: false)
    }

    package func rollback(to target: Int?, reason: String, loop: AgentLoop) throws -> AgentExit {
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        guard let number = target ?? ledger.previous else {
            say("there is no generation to go back to")
            return .notWell
        }
        guard try store.generation(number) != nil else {
            say("generation \(number) is not kept; `flotilla-agent history` lists those that are")
            return .notWell
        }
        guard try store.currentGeneration() != number else {
            say("generation \(number) is the current one")
            return .notWell
        }
        let request = AgentInput.rollbackRequested(
            to: number, reason: "rolled back by hand: \(reason)")
        guard try loop.runOnce(patience: Self.patience, request) else { return busy() }
        // Where a path refuses, the link is there already and the device is not. One that only waits
        // for its boot is.
        let journal = try store.read(Journal.self, at: StateLayout.journal)
        let isWhole = journal == nil || journal?.phase == .rebooting
        let reached = try store.currentGeneration() == number && isWhole
        say(reached ? "back on generation \(number)" : "generation \(number) is not reached yet")
        return reached ? .well : .notWell
    }

    package func hold(for duration: Duration, reason: String) throws -> AgentExit {
        let now = Clocks.wall()
        try root.makeStateFolders()
        try store.write(
            Hold(reason: reason, since: now, until: now + duration), at: StateLayout.hold)
        say("held until \(now + duration): nothing is applied and nothing is healed")
        return .well
    }

    package func unhold() throws -> AgentExit {
        try store.remove(StateLayout.hold)
        say("not held any more")
        return .well
    }

    // MARK: Telling

    package func status(asJSON: Bool) throws -> AgentExit {
        let report = try DeviceReport(configuration: AgentConfiguration(of: root), store: store)
        print(asJSON ? report.json.pretty + "\n" : report.text)
        return report.isWell ? .well : .notWell
    }

    package func history(asJSON: Bool) throws -> AgentExit {
        if asJSON {
            print(try DeviceReport.history(store).pretty + "\n")
            return .well
        }
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        for outcome in ledger.outcomes.reversed() {
            let generation = outcome.generation.map { " generation \($0)" } ?? ""
            let revision = outcome.revision.map { " \($0.short)" } ?? ""
            let took = outcome.took.map { " in \($0.shown)" } ?? ""
            print(
                "\(outcome.at)  \(outcome.kind)\(generation)\(revision)\(took)  \(outcome.detail)\n"
            )
        }
        return .well
    }

    func busy() -> AgentExit {
        say("the agent is busy with this device; try again, or see `flotilla-agent status`")
        return .busy
    }

    func say(_ text: String) { Program.writeToStandardError(text + "\n") }

    /// Who does not read what he asked for has closed the pipe: no harm done.
    func print(_ text: String) { try? Program.writeToStandardOutput(text) }
}
