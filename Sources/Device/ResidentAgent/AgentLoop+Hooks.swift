internal import AgentMachine
internal import FleetModel
internal import HostSystem
internal import UnitPlanning

/// The bundles' own commands around a move.
extension AgentLoop {
    func runHooks(of move: Move, _ moment: DesiredHook.Moment) {
        do {
            hookRound = HookRound(try plan(for: move).hooks(moment), of: move)
            startNextHook()
        } catch {
            let failure = HookResult(
                hook: "all", moment: moment, verdict: .failed, detail: "\(error)")
            inputs.append(.hooksRan([failure]))
        }
    }

    private func startNextHook() {
        guard var round = hookRound else { return }
        let next = round.takeNext()
        hookRound = round
        guard let next else {
            hookRound = nil
            inputs.append(.hooksRan(round.results))
            return
        }
        start(
            .hook(next, since: Clocks.monotonic()), next.command(for: round.move, below: root),
            deadline: next.hook.timeout)
    }

    func ended(_ run: HookRun, since start: Instant, _ outcome: ChildOutcome) {
        hookRound?.ended(run.hook, outcome, after: Clocks.monotonic() - start)
        startNextHook()
    }

    func failed(_ run: HookRun, because reason: String) {
        hookRound?.failed(run.hook, because: reason)
        startNextHook()
    }
}
