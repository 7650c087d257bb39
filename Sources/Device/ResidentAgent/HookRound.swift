internal import AgentMachine
internal import FleetModel
internal import HealthProbes
internal import HostSystem
internal import UnitPlanning

/// The hooks of one moment of a move, one after the other.
struct HookRound {
    let move: Move
    private var waiting: [HookRun]
    private(set) var results: [HookResult] = []

    init(_ runs: [HookRun], of move: Move) {
        self.move = move
        waiting = runs.reversed()
    }

    /// A hook that objects speaks for all that come after it; only a way back goes on.
    mutating func takeNext() -> HookRun? {
        let isOver = results.contains { $0.verdict != .passed } && move.purpose != .goBack
        return isOver ? nil : waiting.popLast()
    }

    mutating func ended(_ hook: DesiredHook, _ outcome: ChildOutcome, after took: Duration) {
        append(hook, Self.verdict(outcome.status), outcome.told, took)
    }

    mutating func failed(_ hook: DesiredHook, because reason: String) {
        append(hook, .failed, reason, .zero)
    }

    private mutating func append(
        _ hook: DesiredHook, _ verdict: HookResult.Verdict, _ detail: String, _ took: Duration
    ) {
        let shown = oneLine(Masking.masked(detail), limit: Limits.reasonBytes)
        results.append(
            HookResult(
                hook: hook.id, moment: hook.moment, verdict: verdict, detail: shown, took: took))
    }

    /// EX_TEMPFAIL of sysexits(3).
    private static let notNow = 75

    private static func verdict(_ status: ChildOutcome.Status) -> HookResult.Verdict {
        switch status {
        case .ended(.exited(0)): .passed
        case .ended(.exited(notNow)): .notNow
        case .ended, .timedOut: .failed
        }
    }
}

extension HookRun {
    /// What one variable may hold: the kernel takes 128 KiB.
    private static let changedBytes = 64 << 10

    /// How it is run.
    func command(for move: Move, below root: Root) -> ChildCommand {
        ChildCommand(
            hook.command.first ?? "", Array(hook.command.dropFirst()),
            environment: [
                "FLOTILLA_ROOT": root.hostPath,
                "FLOTILLA_CHANGED": changed,
                "FLOTILLA_CHANGED_COUNT": String(paths.count),
                "FLOTILLA_MOMENT": hook.moment.rawValue,
                "FLOTILLA_BUNDLE": hook.bundle,
                "FLOTILLA_GENERATION": String(move.to),
                "FLOTILLA_PREVIOUS": String(move.from),
                "FLOTILLA_PURPOSE": move.purpose.rawValue,
            ])
    }

    /// The paths, a line each; those that don't fit are left out.
    private var changed: String {
        var text = ""
        for path in paths {
            guard text.utf8.count + path.utf8.count < Self.changedBytes else { break }
            text += text.isEmpty ? path : "\n\(path)"
        }
        return text
    }
}
