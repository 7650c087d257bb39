internal import AgentMachine
internal import DeviceRecords
internal import Documents
internal import DriftWatch
internal import FleetModel
internal import HostSystem
internal import Transaction

extension AgentLoop {
    /// Carries out one effect. What takes long becomes a job; what does not answers at once.
    ///
    /// It throws only where nothing was done yet that doing it again would do twice: where a record
    /// can't be written. What can't be started at all is an answer to the machine.
    func perform(_ effect: AgentEffect) throws {
        stopwatch.note(effect, at: Clocks.monotonic())
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
        case .discardUnfinished:
            discardUnfinished()
        case .compare(let generation):
            compare(generation)
        case .probe(let generation):
            probe(generation)
        case .reconnect:
            bus?.reconnect()
        case .askGit(let patience):
            start(.askGit, workerCommand(["fetch"]), deadline: patience)
        case .journal(let phase, let move):
            try journal(phase, move)
        case .forgetJournal:
            try forgetJournal()
        case .flip(let move):
            inputs.append(flip(move))
        case .changeUnits(let move, let moment):
            changeUnits(of: move, moment)
        case .seeUnits(let move):
            seeUnits(of: move)
        case .runHooks(let move, let moment):
            runHooks(of: move, moment)
        case .reboot:
            reboot()
        case .scan:
            beginScan(onlyTouched: false)
        case .look:
            beginScan(onlyTouched: true)
        case .healUnits(let names):
            healUnits(names)
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
            compare(with: new)
            return .flipped
        } catch let failure as Flip.Failure {
            return .flipFailed("\(failure)", passedCommitPoint: failure.passedCommitPoint)
        } catch {
            return .flipFailed("\(error)", passedCommitPoint: false)
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
        plans.forget()
        do {
            try Recovery(store: store).discard(generation: generation)
        } catch {
            say("generation \(generation) is not removed yet: \(error)")
        }
    }

    /// The same for a stage that failed: whose number it was, nobody needs to know.
    private func discardUnfinished() {
        do {
            try Recovery(store: store).settle()
        } catch {
            say("what was staged is not removed yet: \(error)")
        }
    }

    // MARK: Checks

    /// What was edited by hand and is to be healed is no excuse for a release that breaks the same.
    private func compare(_ generation: Int) {
        switch scanAtOnce() {
        case .scanned(let found) where !found.contains { $0.policy == .heal && !$0.isOfUnit }: break
        case let notWhole:
            inputs.append(notWhole)
            return
        }
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

    // MARK: Memory

    private func journal(_ phase: MovePhase, _ move: Move) throws {
        var journal = Journal(phase: phase, move: move)
        if phase == .rebooting { journal.boot = try Clocks.bootID() }
        // From here on a boot that ends badly is charged to what stands.
        if phase == .placed { try trial.begins(of: move) }
        try store.write(journal, at: StateLayout.journal)
    }

    /// A command let something be tried again while we slept: Git is asked, however quiet it is.
    func noticeRetry() throws {
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger)
        let failures = Set((ledger?.failed ?? []).map(\.digest))
        if knownFailures?.isSubset(of: failures) == false { inputs.append(.fetchWanted) }
        knownFailures = failures
    }

    private func record(_ event: AgentEvent) throws {
        let now = Clocks.wall()
        var ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        let details = EventDetails(
            took: stopwatch.took(event, at: Clocks.monotonic()), changes: changes(of: event))
        let changed = ledger.note(event, at: now, details) { number in
            // A record that can't be read says nothing about the event.
            try? store.generation(number)
        }
        if changed {
            try store.write(ledger, at: StateLayout.ledger)
            bus?.happened(ledger)
        }
        knownFailures = Set(ledger.failed.map(\.digest))
        switch event {
        case .drift(let drifts): try keepDrift(drifts)
        case .healed(let subjects): driftScan.healed(subjects)
        default: break
        }
        if let line = event.logLine { say(line) }
        status.note(event, at: now)
        keepStatus()
    }

    /// The device is whole again: what only the way was for can go.
    private func forgetJournal() throws {
        plans.forget()
        guard try root.exists(StateLayout.journal) else { return }
        try store.remove(StateLayout.journal)
        try trial.ends()
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
