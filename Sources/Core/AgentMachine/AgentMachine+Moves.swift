internal import FleetModel
internal import UnitPlanning

/// The way of one move, from what stands ready to what has arrived.
extension AgentMachine {
    mutating func restage(_ move: Move, _ course: Course = Course()) -> [AgentEffect] {
        state = .restaging(move, course)
        return [.restage(move)]
    }

    /// The failure is kept before the first step of the way back: a device that is killed on its
    /// way must not try the same again.
    mutating func goBack(_ move: Move) -> [AgentEffect] {
        failedTries = 0
        return [
            .record(.failed(generation: move.from, reason: move.reason ?? "")),
            .journal(.flipping, move),
        ] + restage(move)
    }

    mutating func moved(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch state {
        case .restaging(let move, let course): restaged(move, course, input, at: now)
        case .flipping(let move, let gate, let course):
            flipped(move, gate, course, input, at: now)
        default: unitsAnswered(input, at: now)
        }
    }

    private mutating func restaged(
        _ move: Move, _ course: Course, _ input: AgentInput, at now: Instant
    ) -> [AgentEffect] {
        switch input {
        case .restaged(let gate, _) where current == move.to:
            // The commit point is passed, or there is none: only what stands there is put right.
            if move.purpose == .heal {
                return [.journal(.flipping, move)] + prepare(move, gate, nil)
            }
            state = .flipping(move, gate, course)
            return (course.unitsAreDone ? [] : [.journal(.flipping, move)]) + [.flip(move)]
        case .restaged(let gate, let rebootFor):
            var move = move
            move.rebootFor = rebootFor
            return [.journal(.flipping, move)] + prepare(move, gate, nil)
        case .restageFailed(let reason) where move.purpose == .upgrade && !mayTrySoon:
            return goBack(move.back(because: reason))
        case .restageFailed(let reason):
            return tryLater(move, course, because: reason, at: now)
        default:
            unexpected(input)
        }
    }

    private mutating func flipped(
        _ move: Move, _ gate: HealthGate, _ course: Course, _ input: AgentInput, at now: Instant
    ) -> [AgentEffect] {
        switch input {
        case .flipped:
            current = move.to
            failedTries = 0
            if course.unitsAreDone {
                state = .resuming(move, gate)
                return [.changeUnits(move, .resume)]
            }
            state = .arriving(move, gate)
            return [
                .journal(.placed, move), .record(.step(move, .flipped)),
                .changeUnits(move, .afterFlip),
            ]
        case .flipFailed(let reason, let passed):
            // What was passed once stays passed, even where the disk can't be asked any more.
            if passed { current = move.to }
            if move.purpose == .upgrade, current != move.to {
                return abandon(move, because: reason, at: now)
            }
            if move.purpose == .upgrade, !mayTrySoon { return goBack(move.back(because: reason)) }
            return tryLater(move, course, because: reason, at: now)
        default:
            unexpected(input)
        }
    }

    private mutating func unitsAnswered(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch (state, input) {
        case (.looking(let move, let gate, let ready), .unitsSeen(let standings)):
            return leave(move, gate, ready, knowing: standings, at: now)
        case (.looking(let move, _, _), .unitsFailed(let reason)):
            state = .idle
            lookSoon(at: now)
            return [.record(.trouble(reason)), .discard(generation: move.to)]

        case (.leaving(let move, _, let release?), .unitsChanged) where !mayFlip(under: release):
            return withdraw(move, under: release, at: now)
        case (.leaving(let move, let gate, _), .unitsChanged):
            state = .flipping(move, gate, Course())
            return [.record(.step(move, .units(.beforeFlip))), .flip(move)]
        case (.leaving(let move, let gate, _), .unitsFailed(let reason)):
            if move.purpose == .upgrade { return abandon(move, because: reason, at: now) }
            state = .flipping(move, gate, Course())
            return [.record(.trouble(reason)), .flip(move)]

        case (.arriving(let move, let gate), .unitsChanged):
            return [.record(.step(move, .units(.afterFlip)))] + finish(move, gate)
        case (.arriving(let move, let gate), .unitsFailed(let reason)):
            if move.purpose == .upgrade { return goBack(move.back(because: reason)) }
            return [.record(.trouble(reason))] + finish(move, gate)

        case (.resuming(let move, let gate), .unitsChanged):
            return arrived(move, gate, at: now)
        case (.resuming(let move, let gate), .unitsFailed(let reason)):
            // The gate is there to judge what that means.
            return [.record(.trouble(reason))] + arrived(move, gate, at: now)

        case (.undoing(let move), .unitsChanged):
            return undone(move)
        case (.undoing(let move), .unitsFailed(let reason)):
            return [.record(.trouble(reason))] + undone(move)

        case (.healingUnits(let units), .unitsChanged):
            return unitsHealed(units, at: now)
        case (.healingUnits(let units), .unitsFailed(let reason)):
            state = .idle
            // A unit that can't be started comes and goes with each try, and each is heard of.
            healing.note(units, at: now)
            return [.record(.trouble(reason))]
        default:
            unexpected(input)
        }
    }

    mutating func arrived(_ move: Move, _ gate: HealthGate, at now: Instant)
        -> [AgentEffect]
    {
        switch move.purpose {
        case .upgrade:
            let machine = GateMachine(
                gate: gate, wasFailing: move.wasFailing, started: now, held: move.settled)
            state = .probing(move, machine)
            // A gate without checks has nothing to settle.
            let settling = gate.checks.isEmpty ? [] : [AgentEffect.record(.step(move, .settling))]
            return [.journal(.settling, move)] + settling + [.probe(generation: move.to)]
        case .goBack:
            if let patience = move.wayHome {
                return [.journal(.settling, move)] + callHome(move, within: patience, at: now)
            }
            state = .idle
            return [.record(.wentBack(move)), .forgetJournal]
        case .heal:
            return pathsHealed(move, at: now)
        }
    }

    /// Before the commit point nothing was touched, so nothing is to be mended but the units. It
    /// says nothing about the desired state either: the next look at Git tries it again.
    mutating func abandon(
        _ move: Move, because reason: String, at now: Instant
    ) -> [AgentEffect] {
        state = .undoing(move)
        lookSoon(at: now)
        return [.record(.trouble(reason)), .changeUnits(move, .undo)]
    }

    mutating func undone(_ move: Move) -> [AgentEffect] {
        state = .idle
        return [.discard(generation: move.to), .forgetJournal]
    }
}
