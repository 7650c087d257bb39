internal import FleetModel

/// The health gate, before the flip and after it.
extension AgentMachine {
    // MARK: Before the flip

    /// The current generation does not stand as it should, so what its checks say now is no excuse
    /// for the next one. What can be healed is healed first, and then everything is looked at again;
    /// where that does not help, or nobody can tell, nothing is forgiven.
    mutating func notWhole(
        _ ready: Ready, _ input: AgentInput, at now: Instant
    ) -> [AgentEffect] {
        let candidate = ready.candidate
        switch input {
        case .scanned(let found):
            let (drifts, fresh) = healing.judge(found, isHeld: isHeld, at: now)
            let told: [AgentEffect] =
                [.record(.drift(drifts))] + (fresh.isEmpty ? [] : [.record(.contested(fresh))])
            let paths = drifts.filter { $0.standing == .healing && !$0.isOfUnit }.map(\.subject)
            guard !paths.isEmpty, healedBefore != candidate.revision else {
                return told + compared(ready, forgiving: [], at: now)
            }
            healedBefore = candidate.revision
            followed = nil
            // What a heal leaves behind is tidied up, and the stage with it: it is made again.
            nextFetch = now
            let heal = Move(.heal, from: current, to: current, paths: paths)
            return told + [.discard(generation: candidate.generation)] + restage(heal)
        case .scanFailed(let reason):
            return [.record(.trouble(reason))] + compared(ready, forgiving: [], at: now)
        default:
            unexpected(input)
        }
    }

    // MARK: After it

    /// Settle time that is worth a write to the flash.
    static let keptSettling = Duration.seconds(30)

    mutating func judge(
        _ move: Move, _ gate: GateMachine, _ results: [CheckResult], at now: Instant
    ) -> [AgentEffect] {
        var (move, gate) = (move, gate)
        switch gate.observed(results, at: now) {
        case .again(let delay):
            let isKept = keep(gate.held, in: &move)
            state = .waiting(move, gate, until: now + delay)
            return isKept ? [.journal(.settling, move)] : []
        case .passed:
            move.settled = .zero
            return settled(move, at: now)
        case .failed(let reason):
            return goBack(move.back(because: reason))
        }
    }

    /// What was held is kept now and then, and that it was broken at once.
    private func keep(_ held: Duration, in move: inout Move) -> Bool {
        guard held < move.settled || held - move.settled >= Self.keptSettling else { return false }
        move.settled = held
        return true
    }

    private mutating func settled(_ move: Move, at now: Instant) -> [AgentEffect] {
        if let patience = move.wayHome { return callHome(move, within: patience, at: now) }
        return confirm(move)
    }

    mutating func confirm(_ move: Move) -> [AgentEffect] {
        state = .idle
        linkLoss = nil
        healedBefore = nil
        return [.record(.confirmed(move)), .forgetJournal]
    }
}
