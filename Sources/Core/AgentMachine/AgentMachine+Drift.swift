internal import FleetModel

/// Drift: it is looked for again and again, told, and put right where that is wanted. Paths come
/// first, as a move to the generation that stands; units after them, for what a path says may be why
/// a unit does not run.
extension AgentMachine {
    mutating func beginScan() -> [AgentEffect] {
        // A full scan sees what a look would see.
        isTouched = false
        state = .scanning
        return [.scan]
    }

    mutating func beginLook() -> [AgentEffect] {
        isTouched = false
        state = .glancing
        return [.look]
    }

    mutating func scanned(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch state {
        case .comparing(let ready): return notWhole(ready, input, at: now)
        case .scanning: nextScan = now + pace.spreadOut(pace.scanInterval)
        case .glancing: break
        default: unexpected(input)
        }
        state = .idle
        switch input {
        case .scanned(let found): return found.isEmpty ? [.record(.drift([]))] : take(found, now)
        case .scanFailed(let reason): return [.record(.trouble(reason))]
        default: unexpected(input)
        }
    }

    private mutating func take(_ found: [Drift], _ now: Instant) -> [AgentEffect] {
        let (drifts, fresh) = healing.judge(found, isHeld: isHeld, at: now)
        var effects: [AgentEffect] = [.record(.drift(drifts))]
        if !fresh.isEmpty { effects.append(.record(.contested(fresh))) }
        let wanted = drifts.filter { $0.standing == .healing }
        var units: [String] = []
        for drift in wanted where drift.isOfUnit && units.last != drift.subject {
            units.append(drift.subject)
        }
        unitsToHeal = units
        let paths = wanted.filter { !$0.isOfUnit }.map(\.subject)
        if paths.isEmpty { return effects + healUnits() }
        return effects + restage(Move(.heal, from: current, to: current, paths: paths))
    }

    /// The paths are put right, or can't be; now the units.
    mutating func healUnits() -> [AgentEffect] {
        guard !unitsToHeal.isEmpty else {
            state = .idle
            return []
        }
        defer { unitsToHeal = [] }
        state = .healingUnits(unitsToHeal)
        return [.healUnits(unitsToHeal)]
    }

    mutating func unitsHealed(_ units: [String], at now: Instant) -> [AgentEffect] {
        state = .idle
        healing.note(units, at: now)
        return [.record(.healed(units))]
    }

    mutating func pathsHealed(_ move: Move, at now: Instant) -> [AgentEffect] {
        healing.note(move.paths, at: now)
        return [.record(.healed(move.paths)), .forgetJournal] + healUnits()
    }
}
