internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import DriftWatch
internal import FleetModel
internal import HostSystem
internal import Transaction
internal import UnitControl
internal import UnitPlanning

extension AgentLoop {
    /// Carries out one effect. What takes long becomes a job; what does not answers at once.
    func perform(_ effect: AgentEffect) throws {
        switch effect {
        case .fetch:
            try start(.fetch, workerCommand(["fetch"]), deadline: Self.fetchDeadline)
        case .stage(let tip, let applies):
            let arguments = ["stage", "--tip", tip.text] + (applies ? [] : ["--verify-only"])
            try start(.stage, workerCommand(arguments), deadline: Self.stageDeadline)
        case .restage(let move):
            var command = workerCommand(["restage"])
            command.standardInput = Array(
                Journal(phase: .flipping, move: move).json.canonical.utf8)
            try start(.restage(move), command, deadline: Self.stageDeadline)
        case .discard(let generation):
            try Recovery(store: store).discard(generation: generation)
        case .compare(let generation):
            let present = try knownGeneration(store.currentGeneration()).state.health.checks
            let checks = try knownGeneration(generation).state.health.checks
            try startProbes(checks.filter(present.contains))
        case .probe(let generation):
            try startProbes(knownGeneration(generation).state.health.checks)
        case .journal(let phase, let move):
            try store.write(Journal(phase: phase, move: move), at: StateLayout.journal)
        case .forgetJournal:
            try forgetJournal()
        case .flip(let move):
            inputs.append(flip(move))
        case .changeUnits(let move, let moment):
            try changeUnits(unitActions(for: move, moment), failures: [])
        case .scan:
            inputs.append(scan())
        case .record(let event):
            try record(event)
        }
    }

    // MARK: Files

    private func flip(_ move: Move) -> AgentInput {
        do {
            let old = try knownGeneration(move.from)
            let new = try knownGeneration(move.to)
            try Flip(store: store).perform(move, from: old, to: new)
            driftScan.reset(root: root)
            return .flipped
        } catch let failure as Flip.Failure {
            return .flipFailed("\(failure)", passedCommitPoint: failure.passedCommitPoint)
        } catch {
            return .flipFailed("\(error)", passedCommitPoint: false)
        }
    }

    private func scan() -> AgentInput {
        do {
            let record = try knownGeneration(store.currentGeneration())
            let findings = try driftScan.scan(record, at: Clocks.wall())
            return .scanned(
                drifted: findings.map(\.path),
                toHeal: findings.filter { $0.policy == .heal }.map(\.path))
        } catch {
            return .scanFailed("\(error)")
        }
    }

    func knownGeneration(_ number: Int) throws -> GenerationRecord {
        guard let record = try store.generation(number) else {
            throw AgentTrouble("the record of generation \(number) is missing")
        }
        return record
    }

    // MARK: Units

    private func unitActions(for move: Move, _ moment: UnitMoment) throws -> [UnitAction] {
        let new = try knownGeneration(move.to)
        let plan =
            if move.purpose == .heal {
                UnitPlan(healing: move.paths, in: new.state)
            } else {
                UnitPlan(from: try knownGeneration(move.from).state, to: new.state)
            }
        return switch moment {
        case .beforeFlip: plan.beforeFlip
        case .afterFlip: plan.afterFlip
        case .undo: plan.undoingBeforeFlip
        }
    }

    /// Does the actions one after the other. One that fails does not keep the others from being
    /// done: what has begun to move must come to rest.
    func changeUnits(_ actions: [UnitAction], failures: [String]) throws {
        guard let action = actions.first else {
            inputs.append(
                failures.isEmpty
                    ? .unitsChanged : .unitsFailed(failures.joined(separator: "; ")))
            return
        }
        let control = UnitControl(services: configuration.services)
        guard let command = control.command(for: action) else {
            try changeUnits([], failures: failures)
            return
        }
        try start(
            .units(actions, failures: failures), command, deadline: UnitControl.actionDeadline)
    }

    // MARK: Memory

    private func record(_ event: AgentEvent) throws {
        let now = Clocks.wall()
        if let line = event.logLine { Program.writeToStandardError(line + "\n") }
        var ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let changed = ledger.note(event, at: now) { number in
            // A record that can't be read says nothing about the event.
            try? store.generation(number)
        }
        if changed { try store.write(ledger, at: StateLayout.ledger) }
        status.note(event, at: now)
        try store.write(status, at: StateLayout.status)
    }

    /// The device is whole again: what only the way was for can go.
    private func forgetJournal() throws {
        guard try root.exists(StateLayout.journal) else { return }
        try store.remove(StateLayout.journal)
        let recovery = Recovery(store: store)
        try recovery.settle()
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let inUse = [try store.currentGeneration(), ledger.confirmed, ledger.previous ?? 0]
        try recovery.forgetGenerations(
            allBut: try Generations.worthKeeping(inUse: inUse, in: store))
    }
}

/// Something that the agent can't do now and says so.
struct AgentTrouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
