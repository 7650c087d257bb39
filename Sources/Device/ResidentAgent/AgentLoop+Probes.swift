internal import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import HealthProbes
internal import HostSystem
internal import UnitControl

/// Rounds of checks.
extension AgentLoop {
    func startProbes(_ checks: [HealthCheck]) {
        round = ProbeRound(checks)
        for _ in 0..<ProbeRound.atOnce { startNextProbe() }
        endRound()
    }

    /// When a failed try of the round is repeated.
    var retryAt: Instant? { round?.retryAt }

    func repeatFailedProbes() {
        let due = round?.resume(at: Clocks.monotonic()) ?? 0
        for _ in 0..<due { startNextProbe() }
        endRound()
    }

    /// Takes a check's result, and starts the next one in its place.
    func probed(_ check: HealthCheck, _ result: CheckResult) {
        round?.take(result, of: check, at: Clocks.monotonic())
        startNextProbe()
        endRound()
    }

    private func endRound() {
        guard let current = round, current.isComplete else { return }
        round = nil
        inputs.append(.probed(current.results))
    }

    private func startNextProbe() {
        switch round?.takeNext() {
        case .check(let check): startProbe(check)
        case .units(let checks): startLook(at: checks)
        case nil: return
        }
    }

    private func startProbe(_ check: HealthCheck) {
        switch Prober(root: root, worker: workerCommand([])).attempt(check) {
        case .answered(let result):
            probed(check, CheckResult(of: check, result))
        case .child(let child):
            start(.probe(check, child), child.command, deadline: child.deadline)
        case .unit:
            startLook(at: [check])
        }
    }

    // MARK: Units

    /// One question for all of them: systemd answers a hundred as quickly as one.
    private func startLook(at checks: [HealthCheck]) {
        let control = UnitControl(services: configuration.services)
        let units = checks.compactMap { check in
            if case .unit(let unit) = check.probe { unit } else { nil }
        }
        guard let command = control.look(at: units) else {
            // Without systemd nobody can tell; the configuration says that this is so.
            let detail = "this device has no systemd"
            for check in checks {
                probed(check, CheckResult(check: check.id, passed: true, detail: detail))
            }
            return
        }
        let deadline = checks.map(\.timeout).max() ?? .zero
        start(.unitStates(checks), command, deadline: deadline)
    }

    func took(_ checks: [HealthCheck], _ outcome: ChildOutcome) {
        let results =
            outcome.isSuccess
            ? UnitState.results(of: checks, in: outcome.output)
            : checks.map {
                CheckResult(
                    check: $0.id, passed: false, detail: "systemctl show: \(outcome.told)")
            }
        for (check, result) in zip(checks, results) { probed(check, result) }
    }
}
