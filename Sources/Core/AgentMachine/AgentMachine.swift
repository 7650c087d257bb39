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
        case glancing
        /// Units of these names are put right, where no path is.
        case healingUnits([String])
        /// The checks are tried on the old generation.
        case comparing(Ready)
        /// The contents of `Move.to` are made again.
        case restaging(Move, Course)
        /// The bundles' hooks run before anything is touched; `Ready` is what an upgrade moves to.
        case preparing(Move, HealthGate, Ready?)
        /// How the units stand that are to be stopped is being asked.
        case looking(Move, HealthGate, Ready)
        /// `under` is the release that an order opened for it; nil for a move that needs none.
        case leaving(Move, HealthGate, under: Revision?)
        case flipping(Move, HealthGate, Course)
        case arriving(Move, HealthGate)
        /// Units are started that a boot in the middle of the gate did not start.
        case resuming(Move, HealthGate)
        /// The hooks run that come after files and units.
        case finishing(Move, HealthGate)
        /// The machine is to boot, or somebody is to boot it.
        case rebooting(Move, failures: Int, until: Instant)
        /// A round of checks is under way.
        case probing(Move, GateMachine)
        case waiting(Move, GateMachine, until: Instant)
        /// A broker or Git is to answer, after a flip that may have cut the device off.
        case callingHome(Move, WayHome)
        /// Units that were stopped for a flip that never came are started again.
        case undoing(Move)
        /// What is past its commit point could not be made; it is tried again.
        case stuck(Move, Course, until: Instant)
    }

    /// What is special about this time.
    struct Course: Equatable, Sendable {
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
    /// How often in a row the move that is under way could not be made.
    var failedTries = 0
    /// How often in a row a hook asked for another time, and until when nothing is begun again.
    var postponements = 0
    var postponedUntil: Instant?
    /// The same for what is to be healed.
    var postponedHealings = 0

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

    /// The release that was staged last.
    var lastStaged: Revision?
    /// The release before which drift was healed: not twice for one.
    var healedBefore: Revision?
    var linkLoss: LinkLoss?

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

    /// Whether what is under way waits for something that may take days, so that nobody should wait
    /// with it.
    package var isPaused: Bool {
        switch state {
        case .stuck: isStuckForLong
        case .rebooting: true
        default: false
        }
    }

    /// Whether the machine is to boot: nothing else is under way until then.
    package var awaitsReboot: Bool { if case .rebooting = state { true } else { false } }

    /// A word for reports and for `status`.
    package var phase: String {
        switch state {
        case .idle: isHeld ? "held" : "idle"
        case .fetching: "fetching"
        case .staging: "staging"
        case .scanning, .glancing: "scanning"
        case .healingUnits: "healing"
        case .comparing: "comparing"
        case .restaging(let move, _), .preparing(let move, _, _), .looking(let move, _, _),
            .leaving(let move, _, _), .flipping(let move, _, _), .arriving(let move, _),
            .finishing(let move, _), .undoing(let move):
            move.purpose.phase
        case .rebooting: "needsReboot"
        case .resuming, .probing, .waiting: "settling"
        case .callingHome(let move, _): move.purpose == .goBack ? "goingBack" : "settling"
        case .stuck(let move, _, _): isStuckForLong ? "stuck" : move.purpose.phase
        }
    }

    /// When the machine wants the next `tick`, at the latest.
    package var wakeAt: Instant {
        switch state {
        case .idle where syncIsWanted || isTouched: Instant(nanoseconds: .min)
        case .idle:
            [nextFetch, nextScan, orderDue, linkLoss?.dueAt].compactMap { $0 }.min() ?? nextScan
        case .waiting(_, _, let until), .stuck(_, _, let until), .rebooting(_, _, let until): until
        case .callingHome(_, let wayHome): wayHome.wakeAt
        default: Instant(nanoseconds: .max)
        }
    }

    package mutating func start(at position: StartPosition, now: Instant) -> [AgentEffect] {
        switch position {
        case .whole:
            // What waited for a boot may have been ended by somebody else.
            state = .idle
            return [.forgetJournal]
        case .undo(let move):
            state = .undoing(move)
            return [.changeUnits(move, .undo)]
        case .redo(let move):
            return restage(move)
        case .settle(let move):
            // The gate after a boot in the middle of it is a whole one.
            return restage(move, Course(unitsAreDone: true))
        case .reboot(let move):
            return reboot(move, at: now)
        case .giveUp(let move, let reason):
            return goBack(move.back(because: reason))
        }
    }

    package mutating func handle(_ input: AgentInput, at now: Instant) -> [AgentEffect] {
        switch input {
        case .looked(let generation, let held):
            if state == .idle || awaitsReboot { current = generation }
            if isHeld != held { holdChanged(to: held, at: now) }
            return []
        case .orderChanged(let view):
            take(view, at: now)
            return resume(at: now)
        case .linkChanged(let isUp):
            takeLink(isUp: isUp, at: now)
            return heardLink(isUp: isUp, at: now)
        case .fetchWanted:
            nextFetch = min(nextFetch, now)
            return resume(at: now)
        case .syncRequested:
            syncIsWanted = true
            nextScan = now
            linkLoss?.isOver = true
            return resume(at: now)
        case .rollbackRequested(let target, let reason):
            guard mayGoBack(to: target) else { return [] }
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
        case .restaged, .restageFailed, .flipped, .flipFailed, .unitsChanged, .unitsFailed,
            .unitsSeen:
            return moved(input, at: now)
        case .hooksRan(let results):
            return hooksRan(results, at: now)
        case .rebootFailed(let reason):
            return awaitsReboot ? [.record(.trouble(reason))] : []
        case .probed(let results):
            return probed(results, at: now)
        case .gitAnswered, .gitSilent:
            return askedGit(input, at: now)
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
            if syncIsWanted || now >= nextFetch || linkLoss?.isDue(at: now) == true {
                syncIsWanted = false
                linkLoss?.endWait(at: now)
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
        case .rebooting(let move, let failures, let until) where now >= until:
            return rebootAgain(move, failures + 1, at: now)
        case .callingHome:
            return callAgain(at: now)
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
            return [.discardUnfinished] + retryLater(.trouble(reason), at: now)
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
        if outcome.isSettled { forgetPostponement() }
        if let refusal = outcome.refusal {
            effects.append(.record(.refused(refusal)))
        } else {
            effects.append(.record(.accepted))
        }
        switch outcome.verdict {
        case nil: break
        case .upToDate(let revision): effects.append(.record(.unchanged(revision)))
        // Where the device waits after a lost link, that is known and was told.
        case .notApplied where !isHeld && linkLoss != nil: break
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
            lastStaged = candidate.revision
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
        case .comparing(let ready):
            return compared(ready, forgiving: results.filter { !$0.passed }.map(\.check), at: now)
        case .probing(let move, let gate):
            return judge(move, gate, results, at: now)
        default:
            unexpected(.probed(results))
        }
    }

    /// What fails already is known; the way to what stands ready begins.
    mutating func compared(
        _ ready: Ready, forgiving wasFailing: [String], at now: Instant
    ) -> [AgentEffect] {
        let candidate = ready.candidate
        if isHeld { return leaveAlone(candidate) }
        guard mayMove(to: ready, at: now) else { return withdraw(candidate, at: now) }
        let move = Move(
            .upgrade, from: current, to: candidate.generation, wasFailing: wasFailing,
            rebootFor: candidate.rebootFor, wayHome: wayHome(of: candidate))
        return prepare(move, candidate.gate, ready)
    }

    func unexpected(_ input: AgentInput) -> Never {
        fatalError("the agent's machine got \(input) while it was \(phase)")
    }
}
