package import FleetModel

/// The agent's decisions: what to do next, given what happened and what time it is.
///
/// It does nothing itself. The shell carries out the effects in their order and answers; the same
/// machine runs on devices and in simulation. Times are monotonic.
package struct AgentMachine: Sendable {
    enum State: Equatable, Sendable {
        case idle
        case fetching
        /// `isFresh` where Git was asked for the tip just now.
        case staging(tip: Revision, opened: Revision?, isFresh: Bool)
        case scanning
        /// Only what was touched is compared.
        case looking
        /// Units of these names are put right, where no path is.
        case healingUnits([String])
        /// The checks are tried on the old generation.
        case comparing(Ready)
        /// The contents of `Move.to` are made again.
        case restaging(Move, Course)
        /// `under` is the release that an order opened for it; nil for a move that needs none.
        case leaving(Move, HealthGate, under: Revision?)
        case flipping(Move, HealthGate, Course)
        case arriving(Move, HealthGate)
        /// A round of checks is under way.
        case probing(Move, GateMachine)
        case waiting(Move, GateMachine, until: Instant)
        /// Units that were stopped for a flip that never came are started again.
        case undoing(Move)
        /// The way back or a redo could not be made; it is tried again.
        case stuck(Move, Course, until: Instant)
    }

    /// What is special about this time.
    struct Course: Equatable, Sendable {
        /// How often making the contents again has failed.
        var failures = 0
        /// The units were already changed when the agent last ran.
        var unitsAreDone = false
    }

    /// What stands ready, and whether it does so because an order opened its release.
    struct Ready: Equatable, Sendable {
        var candidate: Candidate
        var isOrdered: Bool
    }

    var state: State = .idle
    private(set) var pace: AgentPace
    var current: Int
    var nextFetch: Instant
    var nextScan: Instant
    /// When the last look at Git came to a verdict.
    var lastLook: Instant?
    /// Looks at Git in a row that came to no verdict.
    var fetchFailures = 0
    private(set) var isHeld = false
    private var syncIsWanted = false
    /// Something happened to managed paths that nobody has looked at yet.
    var isTouched = false
    var healing = HealingRecord()
    /// What is to be put right when the paths are.
    var unitsToHeal: [String] = []
    /// The last look ended in something that is to be tried again, and no order will tell of it.
    var isUnsettled = false

    var linkIsUp = false
    var order: OrderView?
    /// It is too late to begin what the order opens.
    var isOrderOver = false
    /// The open release under which the device staged last.
    var followed: Revision?
    /// The tip of the last verdict: the device's own store has it.
    var lookedTip: Revision?
    var hints = TipHints()
    /// The tip for whose sake Git is being asked.
    var askedFor: Revision?

    /// `position` is where the disk says the device stands, `current` the generation of the link.
    package init(pace: AgentPace, current: Int, now: Instant) {
        self.pace = pace
        self.current = current
        nextFetch = now
        nextScan = now
    }

    /// Goes on at another pace; what is already planned stays planned.
    package mutating func keep(_ pace: AgentPace) { self.pace = pace }

    /// Whether nothing is under way. A one-shot run ends here.
    package var isIdle: Bool { state == .idle && !syncIsWanted && !isTouched }

    /// A word for reports and for `status`.
    package var phase: String {
        switch state {
        case .idle: isHeld ? "held" : "idle"
        case .fetching: "fetching"
        case .staging: "staging"
        case .scanning, .looking: "scanning"
        case .healingUnits: "healing"
        case .comparing: "comparing"
        case .restaging(let move, _), .leaving(let move, _, _), .flipping(let move, _, _),
            .arriving(let move, _), .undoing(let move):
            move.purpose == .goBack ? "goingBack" : move.purpose == .heal ? "healing" : "applying"
        case .probing, .waiting: "settling"
        case .stuck: "stuck"
        }
    }

    /// When the machine wants the next `tick`, at the latest.
    package var wakeAt: Instant {
        switch state {
        case .idle where syncIsWanted || isTouched: Instant(nanoseconds: .min)
        case .idle: min(nextFetch, nextScan, orderDue ?? Instant(nanoseconds: .max))
        case .waiting(_, _, let until), .stuck(_, _, let until): until
        default: Instant(nanoseconds: .max)
        }
    }

    package mutating func start(at position: StartPosition) -> [AgentEffect] {
        switch position {
        case .whole:
            return [.forgetJournal]
        case .undo(let move):
            state = .undoing(move)
            return [.changeUnits(move, .undo)]
        case .redo(let move):
            return restage(move)
        case .settle(let move):
            // The gate after a boot in the middle of it is a whole one.
            return restage(move, Course(unitsAreDone: true))
        }
    }

    package mutating func handle(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch input {
        case .looked(let generation, let held):
            if state == .idle { current = generation }
            if isHeld != held { holdChanged(to: held, at: now) }
            return []
        case .orderChanged(let view):
            take(view, at: now)
            return resume(at: now)
        case .linkChanged(let isUp):
            takeLink(isUp: isUp, at: now)
            return []
        case .fetchWanted:
            nextFetch = min(nextFetch, now)
            return resume(at: now)
        case .syncRequested:
            syncIsWanted = true
            nextScan = now
            return resume(at: now)
        case .rollbackRequested(let target, let reason):
            guard state == .idle, target != current else { return [] }
            return goBack(Move(.goBack, from: current, to: target, reason: reason))
        case .touched:
            isTouched = true
            return resume(at: now)
        case .tick:
            return resume(at: now)
        case .fetched, .fetchFailed, .staged, .stageFailed:
            return lookedAtGit(input, at: now)
        case .scanned, .scanFailed:
            return scanned(input, at: now)
        case .restaged, .restageFailed, .flipped, .flipFailed, .unitsChanged, .unitsFailed:
            return moved(input, at: now)
        case .probed(let results):
            return probed(results, at: now)
        }
    }

    private mutating func holdChanged(to held: Bool, at now: Instant) {
        isHeld = held
        // What was passed over is looked at again.
        followed = nil
        if !held {
            lookSoon(at: now)
            nextScan = min(nextScan, now)
        }
    }

    // MARK: Time

    private mutating func resume(at now: Instant) -> [AgentEffect] {
        switch state {
        case .idle:
            // It takes a moment, and a fetch may take hours.
            if isTouched { return beginLook() }
            if syncIsWanted || now >= nextFetch {
                syncIsWanted = false
                return fetch()
            }
            let effects = followOrder(at: now)
            if !effects.isEmpty { return effects }
            return now >= nextScan ? beginScan() : []
        case .waiting(let move, let gate, let until) where now >= until:
            state = .probing(move, gate)
            return [.probe(generation: move.to)]
        case .stuck(let move, let course, let until) where now >= until:
            return restage(move, course)
        default:
            return []
        }
    }

    // MARK: Git

    private mutating func lookedAtGit(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch (state, input) {
        case (.fetching, .fetched(let tip)):
            // A tip that can't be staged is fetched again, so only a verdict ends the backing off.
            return [.record(.fetchWorks)] + stage(tip, isFresh: true, at: now)
        case (.fetching, .fetchFailed(let reason)):
            return retryLater(.fetchFailed(reason), at: now)
        case (.staging(let tip, let opened, let isFresh), .staged(let outcome)):
            lookedTip = tip
            noteVerdict(on: tip, isFresh: isFresh, isFinal: !outcome.isToBeTriedAgain, at: now)
            return judged(outcome, opened: opened, at: now)
        case (.staging, .stageFailed(let reason)):
            return retryLater(.trouble(reason), at: now)
        default:
            unexpected(input)
        }
    }

    private mutating func retryLater(_ event: AgentEvent, at now: Instant) -> [AgentEffect] {
        fetchFailures += 1
        noteAnswer(nil, at: now)
        let again = now + pace.retryDelay(after: fetchFailures)
        // Git was not asked before it was due.
        if case .staging(_, _, isFresh: false) = state {
            nextFetch = min(nextFetch, again)
        } else {
            nextFetch = again
        }
        state = .idle
        return [.record(event)]
    }

    private mutating func judged(
        _ outcome: StageOutcome, opened: Revision?, at now: Instant
    ) -> [AgentEffect] {
        state = .idle
        var effects: [AgentEffect] = []
        if let refusal = outcome.refusal {
            effects.append(.record(.refused(refusal)))
        } else {
            effects.append(.record(.accepted))
        }
        switch outcome.verdict {
        case nil: break
        case .upToDate(let revision): effects.append(.record(.unchanged(revision)))
        case .notApplied(let revision): effects.append(.record(.notApplied(revision)))
        case .waiting(let revision): effects.append(.record(.waiting(revision)))
        case .knownBad(let revision, let reason):
            effects.append(.record(.knownBad(revision, reason: reason)))
        case .rejected(let revision, let code, let reason):
            effects.append(.record(.rejected(revision, code: code, reason: reason)))
        case .staged(let candidate) where isHeld:
            effects.append(.discard(generation: candidate.generation))
            effects.append(.record(.notApplied(candidate.revision)))
        case .staged(let candidate):
            let ready = Ready(candidate: candidate, isOrdered: candidate.revision == opened)
            guard mayMove(to: ready, at: now) else {
                return effects + withdraw(candidate, at: now)
            }
            state = .comparing(ready)
            effects.append(.compare(generation: candidate.generation))
        }
        return effects
    }

    // MARK: Health

    private mutating func probed(_ results: [CheckResult], at now: Instant) -> [AgentEffect] {
        switch state {
        case .comparing(let ready) where isHeld:
            state = .idle
            return [
                .discard(generation: ready.candidate.generation),
                .record(.notApplied(ready.candidate.revision)),
            ]
        case .comparing(let ready) where !mayMove(to: ready, at: now):
            return withdraw(ready.candidate, at: now)
        case .comparing(let ready):
            let candidate = ready.candidate
            let move = Move(
                .upgrade, from: current, to: candidate.generation,
                wasFailing: results.filter { !$0.passed }.map(\.check))
            state = .leaving(
                move, candidate.gate, under: ready.isOrdered ? candidate.revision : nil)
            return [.journal(.flipping, move), .changeUnits(move, .beforeFlip)]
        case .probing(let move, var gate):
            switch gate.observed(results, at: now) {
            case .again(let delay):
                state = .waiting(move, gate, until: now + delay)
                return []
            case .passed:
                state = .idle
                return [.record(.confirmed(move)), .forgetJournal]
            case .failed(let reason):
                return goBack(move.back(because: reason))
            }
        default:
            unexpected(.probed(results))
        }
    }

    // MARK: Moving

    mutating func restage(_ move: Move, _ course: Course = Course()) -> [AgentEffect] {
        state = .restaging(move, course)
        return [.restage(move)]
    }

    /// The failure is kept before the first step of the way back: a device that is killed on its
    /// way must not try the same again.
    private mutating func goBack(_ move: Move) -> [AgentEffect] {
        [
            .record(.failed(generation: move.from, reason: move.reason ?? "")),
            .journal(.flipping, move),
        ] + restage(move)
    }

    private mutating func moved(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch (state, input) {
        case (.restaging(let move, let course), .restaged(let gate)) where current == move.to:
            // The commit point is passed, or there is none: only what stands there is put right.
            state = .flipping(move, gate, course)
            return (course.unitsAreDone ? [] : [.journal(.flipping, move)]) + [.flip(move)]
        case (.restaging(let move, _), .restaged(let gate)):
            state = .leaving(move, gate, under: nil)
            return [.journal(.flipping, move), .changeUnits(move, .beforeFlip)]
        case (.restaging(let move, _), .restageFailed(let reason)) where move.purpose == .upgrade:
            return goBack(move.back(because: reason))
        case (.restaging(let move, let course), .restageFailed(let reason)):
            return tryLater(move, course, because: reason, at: now)

        case (.leaving(let move, _, let release?), .unitsChanged) where !mayFlip(under: release):
            return withdraw(move, under: release, at: now)
        case (.leaving(let move, let gate, _), .unitsChanged):
            state = .flipping(move, gate, Course())
            return [.flip(move)]
        case (.leaving(let move, let gate, _), .unitsFailed(let reason)):
            if move.purpose == .upgrade { return abandon(move, because: reason, at: now) }
            state = .flipping(move, gate, Course())
            return [.record(.trouble(reason)), .flip(move)]

        case (.flipping(let move, let gate, let course), .flipped):
            current = move.to
            if course.unitsAreDone { return arrived(move, gate, at: now) }
            state = .arriving(move, gate)
            return [.journal(.placed, move), .changeUnits(move, .afterFlip)]
        case (.flipping(let move, _, let course), .flipFailed(let reason, let passed)):
            // What was passed once stays passed, even where the disk can't be asked any more.
            if passed { current = move.to }
            guard move.purpose == .upgrade else {
                return tryLater(move, course, because: reason, at: now)
            }
            guard current == move.to else { return abandon(move, because: reason, at: now) }
            return goBack(move.back(because: reason))

        case (.arriving(let move, let gate), .unitsChanged):
            return arrived(move, gate, at: now)
        case (.arriving(let move, let gate), .unitsFailed(let reason)):
            if move.purpose == .upgrade { return goBack(move.back(because: reason)) }
            return [.record(.trouble(reason))] + arrived(move, gate, at: now)

        case (.undoing(let move), .unitsChanged):
            return undone(move)
        case (.undoing(let move), .unitsFailed(let reason)):
            return [.record(.trouble(reason))] + undone(move)

        case (.healingUnits(let units), .unitsChanged):
            return unitsHealed(units, at: now)
        case (.healingUnits, .unitsFailed(let reason)):
            state = .idle
            return [.record(.trouble(reason))]
        default:
            unexpected(input)
        }
    }

    private mutating func arrived(_ move: Move, _ gate: HealthGate, at now: Instant)
        -> [AgentEffect]
    {
        switch move.purpose {
        case .upgrade:
            let machine = GateMachine(gate: gate, wasFailing: move.wasFailing, started: now)
            state = .probing(move, machine)
            return [.journal(.settling, move), .probe(generation: move.to)]
        case .goBack:
            state = .idle
            return [.record(.wentBack(move)), .forgetJournal]
        case .heal:
            return pathsHealed(move, at: now)
        }
    }

    /// Before the commit point nothing was touched, so nothing is to be mended but the units. It
    /// says nothing about the desired state either: the next look at Git tries it again.
    private mutating func abandon(
        _ move: Move, because reason: String, at now: Instant
    ) -> [AgentEffect] {
        state = .undoing(move)
        lookSoon(at: now)
        return [.record(.trouble(reason)), .changeUnits(move, .undo)]
    }

    private mutating func undone(_ move: Move) -> [AgentEffect] {
        state = .idle
        return [.discard(generation: move.to), .forgetJournal]
    }

    /// A way back or a redo that can't be made now is made later: there is nowhere else to go.
    private mutating func tryLater(
        _ move: Move, _ course: Course, because reason: String, at now: Instant
    ) -> [AgentEffect] {
        if move.purpose == .heal {
            return [.record(.trouble(reason)), .forgetJournal] + healUnits()
        }
        var next = course
        next.failures += 1
        state = .stuck(move, next, until: now + pace.retryDelay(after: next.failures))
        return [.record(.trouble(reason))]
    }

    func unexpected(_ input: AgentInput) -> Never {
        fatalError("the agent's machine got \(input) while it was \(phase)")
    }
}
