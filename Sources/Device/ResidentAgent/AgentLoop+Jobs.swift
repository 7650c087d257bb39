internal import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import HealthProbes
internal import HostSystem
internal import JSONDocument
internal import UnitControl

extension AgentLoop {
    /// A fetch over a link of a few hundred bytes a second gets there within this; no progress for
    /// a minute ends it much earlier.
    static let fetchDeadline = Duration.seconds(6 * 3_600)
    /// Staging writes to the local disk and runs validators, each with its own time-out.
    static let stageDeadline = Duration.seconds(1_800)

    func workerCommand(_ arguments: [String]) -> ChildCommand {
        ChildCommand(
            worker, arguments + ["--root", root.hostPath], outputLimit: Limits.workerOutputBytes)
    }

    func start(_ purpose: Job.Purpose, _ command: ChildCommand, deadline: Duration) throws {
        do throws(SystemError) {
            let child = try command.start()
            jobs.append(Job(purpose, child, deadline: Clocks.monotonic() + deadline))
        } catch {
            try failed(purpose, "\(error)")
        }
    }

    /// A job came to its end.
    func finished(_ job: Job, _ outcome: ChildOutcome) throws {
        switch job.purpose {
        case .probe(let check, let child):
            let result = child.result(
                of: outcome.status, output: outcome.output, errors: outcome.errors)
            try probed(CheckResult(of: check, result))
        case .units(let actions, let failures):
            let failure = outcome.isSuccess ? [] : ["\(actions[0]): \(told(outcome))"]
            try changeUnits(Array(actions.dropFirst()), failures: failures + failure)
        case .fetch, .stage, .restage:
            // The worker tells what was wrong on its standard error, for people.
            Program.writeToStandardError(outcome.errorText)
            guard outcome.isSuccess else {
                try failed(job.purpose, told(outcome))
                return
            }
            do {
                inputs.append(try answer(to: job.purpose, outcome))
            } catch {
                try failed(job.purpose, "the worker's answer can't be read: \(error)")
            }
        }
    }

    private func answer(to purpose: Job.Purpose, _ outcome: ChildOutcome) throws -> AgentInput {
        let file = "the worker's answer"
        switch purpose {
        case .fetch:
            let node = try JSON.parse(outcome.output, file: file)
            return .fetched(tip: try FetchReport(reading: node, file: file).tip)
        case .stage:
            let node = try JSON.parse(outcome.output, file: file)
            let report = try StageReport(reading: node) { number throws in
                try knownGeneration(number).state.health
            }
            // A hold that was set while the worker was at it still counts.
            inputs.append(
                .looked(current: try store.currentGeneration(), isHeld: try isHeld()))
            return .staged(report.outcome)
        case .restage(let move):
            return .restaged(gate: try knownGeneration(move.to).state.health)
        case .probe, .units:
            fatalError("only the worker's commands answer in JSON")
        }
    }

    private func failed(_ purpose: Job.Purpose, _ reason: String) throws {
        switch purpose {
        case .fetch: inputs.append(.fetchFailed(reason))
        case .stage: inputs.append(.stageFailed(reason))
        case .restage: inputs.append(.restageFailed(reason))
        case .probe(let check, _):
            try probed(CheckResult(check: check.id, passed: false, detail: reason))
        case .units(let actions, let failures):
            try changeUnits(
                Array(actions.dropFirst()), failures: failures + ["\(actions[0]): \(reason)"])
        }
    }

    /// What a failed child said, on one line and bounded.
    private func told(_ outcome: ChildOutcome) -> String {
        let text = outcome.errorText.isEmpty ? outcome.outputText : outcome.errorText
        let lines = text.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " | ")
        return lines.isEmpty ? "\(outcome.status)" : "\(outcome.status): \(lines)"
    }

    // MARK: Probes

    func startProbes(_ checks: [HealthCheck]) throws {
        round = ProbeRound(awaited: checks.count)
        if checks.isEmpty { inputs.append(.probed([])) }
        for check in checks { try startProbe(check) }
    }

    private func startProbe(_ check: HealthCheck) throws {
        switch Prober(root: root, worker: workerCommand([])).attempt(check) {
        case .answered(let result):
            try probed(CheckResult(of: check, result))
        case .child(let child):
            try start(.probe(check, child), child.command, deadline: child.deadline)
        case .unit(let unit):
            guard let child = UnitControl(services: configuration.services).probe(of: unit, check)
            else {
                // Without systemd nobody can tell; the configuration says that this is so.
                let result = ProbeResult(passed: true, detail: "this device has no systemd")
                try probed(CheckResult(of: check, result))
                return
            }
            try start(.probe(check, child), child.command, deadline: child.deadline)
        }
    }

    private func probed(_ result: CheckResult) throws {
        guard var current = round else { return }
        current.results.append(result)
        round = current
        if current.results.count == current.awaited {
            round = nil
            inputs.append(.probed(current.results))
        }
    }
}
