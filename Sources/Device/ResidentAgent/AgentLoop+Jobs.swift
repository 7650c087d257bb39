internal import AgentMachine
internal import DeviceRecords
internal import DriftWatch
internal import FleetModel
internal import HealthProbes
internal import HostSystem
internal import JSONDocument
internal import UnitControl
internal import UnitPlanning

extension AgentLoop {
    /// A fetch over a link of a few hundred bytes a second gets there within this; no progress for
    /// a minute ends it much earlier.
    static let fetchDeadline = Duration.seconds(6 * 3_600)
    /// Staging writes to the local disk and runs validators, each with its own time-out.
    static let stageDeadline = Duration.seconds(1_800)

    func workerCommand(_ arguments: [String]) -> ChildCommand {
        ChildCommand(
            worker,
            arguments + ["--root", root.hostPath, "--agent", String(Program.processID)],
            outputLimit: Limits.workerOutputBytes)
    }

    func start(_ purpose: Job.Purpose, _ command: ChildCommand, deadline: Duration) {
        do throws(SystemError) {
            var command = command
            startedJobs += 1
            let group =
                purpose.facesStrangers ? try containment.group(for: String(startedJobs)) : nil
            if let group { command.arguments += ["--group", group.path] }
            let child = try twice { () throws(SystemError) in try command.start() }
            jobs.append(
                Job(purpose, child, in: group, deadline: Clocks.monotonic() + deadline))
        } catch {
            failed(purpose, "\(error)")
        }
    }

    /// Ends what a finished job left behind. Where something of it lives on, what it made can't be
    /// believed.
    private func contain(_ job: Job) -> String? {
        do throws(SystemError) {
            try containment.end(job.group, sparing: jobs.map(\.child.pid))
            return nil
        } catch {
            return error.description
        }
    }

    /// A job came to its end.
    func finished(_ job: Job, _ outcome: ChildOutcome) {
        if let survivor = contain(job) {
            failed(job.purpose, survivor)
            return
        }
        switch job.purpose {
        case .probe(let check, let child):
            let result = child.result(
                of: outcome.status, output: outcome.output, errors: outcome.errors)
            probed(check, CheckResult(of: check, result))
        case .unitStates(let checks):
            took(checks, outcome)
        case .askGit:
            inputs.append(outcome.isSuccess ? .gitAnswered : .gitSilent(outcome.told))
        case .units(let actions, let failures):
            let failure = outcome.isSuccess ? [] : ["\(actions[0]): \(outcome.told)"]
            changeUnits(Array(actions.dropFirst()), failures: failures + failure)
        case .look(let units):
            seen(units, outcome)
        case .hook(let run, let start):
            ended(run, since: start, outcome)
        case .reboot:
            if !outcome.isSuccess { failed(job.purpose, outcome.told) }
        case .unitStandings:
            unitsShown(outcome)
        case .mendUnits(let words, let rest, let failures):
            let failure =
                outcome.isSuccess ? [] : ["\(words.joined(separator: " ")): \(outcome.told)"]
            mend(rest, failures: failures + failure)
        case .resolve:
            if outcome.isSuccess {
                resolved(outcome.output)
            } else {
                failed(job.purpose, outcome.told)
            }
        case .fetch, .stage, .restage:
            // The worker tells what was wrong on its standard error, for people.
            Program.writeToStandardError(outcome.errorText)
            guard outcome.isSuccess else {
                failed(job.purpose, outcome.told)
                return
            }
            do {
                inputs.append(try answer(to: job.purpose, outcome))
            } catch {
                failed(job.purpose, "the worker's answer can't be read: \(error)")
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
            var report = try StageReport(reading: node) { number throws in
                try knownGeneration(number).state.health
            }
            // A hold that was set while the worker was at it still counts.
            inputs.append(
                .looked(current: try store.currentGeneration(), isHeld: try isHeld()))
            if let identity = report.identity, identity != status.identity {
                status.identity = identity
                keepStatus()
            }
            if case .staged(var candidate) = report.outcome.verdict {
                let move = Move(
                    .upgrade, from: try store.currentGeneration(), to: candidate.generation)
                candidate.rebootFor = try plan(for: move).rebootFor
                candidate.touchesNetwork = try touchesNetwork(candidate)
                report.outcome.verdict = .staged(candidate)
            }
            return .staged(report.outcome)
        case .restage(let move):
            return .restaged(
                gate: try knownGeneration(move.to).state.health,
                rebootFor: try plan(for: move).rebootFor)
        case .probe, .unitStates, .askGit, .units, .look, .hook, .reboot, .resolve, .unitStandings,
            .mendUnits:
            fatalError("only the worker's commands answer in JSON")
        }
    }

    private func touchesNetwork(_ candidate: Candidate) throws -> Bool {
        let present = try knownGeneration(store.currentGeneration())
        let wanted = try knownGeneration(candidate.generation)
        return NetworkReach.isTouched(from: present.state, to: wanted.state)
    }

    private func failed(_ purpose: Job.Purpose, _ reason: String) {
        switch purpose {
        case .fetch: inputs.append(.fetchFailed(reason))
        case .stage: inputs.append(.stageFailed(reason))
        case .restage: inputs.append(.restageFailed(reason))
        case .resolve: bus?.resolveFailed(reason)
        case .unitStandings:
            driftScan.failUnits("systemctl show: \(reason)")
            endScan()
        case .mendUnits(let words, let rest, let failures):
            mend(rest, failures: failures + ["\(words.joined(separator: " ")): \(reason)"])
        case .probe(let check, _):
            probed(check, CheckResult(check: check.id, passed: false, detail: reason))
        case .unitStates(let checks):
            for check in checks {
                probed(check, CheckResult(check: check.id, passed: false, detail: reason))
            }
        case .askGit: inputs.append(.gitSilent(reason))
        case .units(let actions, let failures):
            changeUnits(
                Array(actions.dropFirst()), failures: failures + ["\(actions[0]): \(reason)"])
        case .look:
            inputs.append(.unitsFailed("how units stand can't be seen: \(reason)"))
        case .hook(let run, _):
            failed(run, because: reason)
        case .reboot:
            inputs.append(.rebootFailed("the machine is not booted: \(reason)"))
        }
    }
}
