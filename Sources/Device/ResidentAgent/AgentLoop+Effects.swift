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
    ///
    /// It throws only where nothing was done yet that doing it again would do twice: where a record
    /// can't be written. What can't be started at all is an answer to the machine.
    func perform(_ effect: AgentEffect) throws {
        switch effect {
        case .fetch:
            start(.fetch, workerCommand(["fetch"]), deadline: Self.fetchDeadline)
        case .stage(let tip, let applies, let opened):
            let arguments =
                ["stage", "--tip", tip.text] + (applies ? [] : ["--verify-only"])
                + (opened.map { ["--open", $0.text] } ?? [])
            start(.stage, workerCommand(arguments), deadline: Self.stageDeadline)
        case .restage(let move):
            var command = workerCommand(["restage"])
            command.standardInput = Array(
                Journal(phase: .flipping, move: move).json.canonical.utf8)
            start(.restage(move), command, deadline: Self.stageDeadline)
        case .discard(let generation):
            discard(generation)
        case .compare(let generation):
            compare(generation)
        case .probe(let generation):
            probe(generation)
        case .journal(let phase, let move):
            try store.write(Journal(phase: phase, move: move), at: StateLayout.journal)
        case .forgetJournal:
            try forgetJournal()
        case .flip(let move):
            inputs.append(flip(move))
        case .changeUnits(let move, let moment):
            do {
                changeUnits(try unitActions(for: move, moment), failures: [])
            } catch {
                inputs.append(.unitsFailed("\(error)"))
            }
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

    /// What stays is in the way of nobody: the next time that the device is whole it goes.
    private func discard(_ generation: Int) {
        do {
            try Recovery(store: store).discard(generation: generation)
        } catch {
            say("generation \(generation) is not removed yet: \(error)")
        }
    }

    // MARK: Checks

    private func compare(_ generation: Int) {
        do {
            let present = try knownGeneration(store.currentGeneration()).state.health.checks
            let checks = try knownGeneration(generation).state.health.checks
            startProbes(checks.filter(present.contains))
        } catch {
            // Nothing is known to have failed before, so whatever fails later counts.
            say("the checks are not tried before the move: \(error)")
            inputs.append(.probed([]))
        }
    }

    private func probe(_ generation: Int) {
        do {
            startProbes(try knownGeneration(generation).state.health.checks)
        } catch {
            // A check without a result has failed.
            say("the checks can't be tried: \(error)")
            inputs.append(.probed([]))
        }
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
    func changeUnits(_ actions: [UnitAction], failures: [String]) {
        guard let action = actions.first else {
            inputs.append(
                failures.isEmpty
                    ? .unitsChanged : .unitsFailed(failures.joined(separator: "; ")))
            return
        }
        let control = UnitControl(services: configuration.services)
        guard let command = control.command(for: action) else {
            changeUnits([], failures: failures)
            return
        }
        start(
            .units(actions, failures: failures), command, deadline: UnitControl.actionDeadline)
    }

    // MARK: Memory

    private func record(_ event: AgentEvent) throws {
        let now = Clocks.wall()
        var ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let changed = ledger.note(event, at: now) { number in
            // A record that can't be read says nothing about the event.
            try? store.generation(number)
        }
        if changed {
            try store.write(ledger, at: StateLayout.ledger)
            bus?.happened(ledger)
        }
        if let line = event.logLine { say(line) }
        status.note(event, at: now)
        keepStatus()
    }

    /// The device is whole again: what only the way was for can go.
    private func forgetJournal() throws {
        guard try root.exists(StateLayout.journal) else { return }
        try store.remove(StateLayout.journal)
        do {
            try tidyUp()
        } catch {
            // It takes space and no more; the next start or move tidies up again.
            say("what the move left behind is not removed yet: \(error)")
        }
    }

    private func tidyUp() throws {
        let recovery = Recovery(store: store)
        try recovery.settle()
        try recovery.forgetGenerations(
            allBut: try Generations.worthKeeping(
                configuration.keepGenerations, inUse: Generations.inUse(in: store), in: store))
    }
}

/// Something that the agent can't do now and says so.
struct AgentTrouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
