internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import DriftWatch
internal import FleetModel
package import HostSystem
internal import Transaction
internal import UnitPlanning

/// What a technician does on site, without a network.
package struct Commands {
    private let root: Root
    private var store: RecordStore

    package init(_ root: Root) {
        self.root = root
        store = RecordStore(root: root)
    }

    /// How long a command waits for the agent to finish what it is doing.
    private static let patience = Duration.seconds(60)

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
        let reached = try store.currentGeneration() == number
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
            print("\(outcome.at)  \(outcome.kind)\(generation)\(revision)  \(outcome.detail)\n")
        }
        return .well
    }

    /// Without numbers: what on the disk is not as the current generation wants it. With two: what
    /// a move from one to the other changes. With one: from the current one to it.
    package func diff(_ first: Int?, _ second: Int?, asJSON: Bool) throws -> AgentExit {
        guard let first else { return try drift(asJSON: asJSON) }
        let from = second == nil ? try store.currentGeneration() : first
        let to = second ?? first
        guard let old = try store.generation(from), let new = try store.generation(to) else {
            say("not both generations are kept; `flotilla-agent history` lists those that are")
            return .notWell
        }
        let difference = StateDifference(from: old.state, to: new.state)
        let units = UnitPlan(from: old.state, to: new.state)
        let changes = difference.directories + difference.files
        if asJSON {
            let document: JSONValue = [
                "version": 1, "from": .integer(Int64(from)), "to": .integer(Int64(to)),
                "paths": .array(
                    changes.map { change in
                        [
                            "path": .string(change.path), "bundle": .string(change.bundle),
                            "change": .string(change.change.rawValue),
                        ]
                    }),
                "unitsBefore": .array(units.beforeFlip.map { .string($0.description) }),
                "unitsAfter": .array(units.afterFlip.map { .string($0.description) }),
            ]
            print(document.pretty + "\n")
            return .well
        }
        for change in changes { print("\(change.change.rawValue)  \(change.path)\n") }
        for action in units.beforeFlip + units.afterFlip { print("systemctl \(action)\n") }
        return .well
    }

    private func drift(asJSON: Bool) throws -> AgentExit {
        let number = try store.currentGeneration()
        guard let record = try store.generation(number) else {
            say("the record of generation \(number) is missing")
            return .broken
        }
        var scan = DriftScan(root: root)
        let findings = try scan.scan(record, at: Clocks.wall())
        if asJSON {
            let document: JSONValue = [
                "version": 1, "generation": .integer(Int64(number)),
                "drift": .array(
                    findings.map { finding in
                        [
                            "path": .string(finding.path), "bundle": .string(finding.bundle),
                            "kind": .string(finding.kind.rawValue),
                            "detail": .string(finding.deviation.detail),
                        ]
                    }),
            ]
            print(document.pretty + "\n")
        } else {
            for finding in findings {
                print("\(finding.kind.rawValue)  \(finding.path)  \(finding.deviation.detail)\n")
            }
        }
        return findings.isEmpty ? .well : .notWell
    }

    private func busy() -> AgentExit {
        say("the agent is busy with this device; try again, or see `flotilla-agent status`")
        return .busy
    }

    private func say(_ text: String) { Program.writeToStandardError(text + "\n") }

    /// Who does not read what he asked for has closed the pipe: no harm done.
    private func print(_ text: String) { try? Program.writeToStandardOutput(text) }
}
