import FleetModel
import TestSupport
import Testing

@testable import AgentMachine

/// A device that answers everything the machine wants at random, in good and in bad ways, and
/// holds what the machine does against what must never happen.
struct SimulatedDevice {
    private var generator: SeededGenerator
    private(set) var machine: AgentMachine
    private var now = Instant(seconds: 1_000)
    /// What was started and is not answered yet.
    private(set) var awaited: [AgentEffect] = []
    /// The first thing that must never happen and did.
    private(set) var fault: String?

    // What is on the disk, and so outlives a kill.
    private(set) var journal: (phase: MovePhase, move: Move)?
    private(set) var current = 1
    private(set) var confirmed = 1
    private var isHeld = false
    private var gates: [Int: HealthGate] = [0: HealthGate(), 1: HealthGate()]
    private var revisions: [Int: Revision] = [:]
    private var nextGeneration = 2
    private var failed: Set<Int> = []
    /// All files stand where the move in the journal wants them.
    private var isPlaced = false
    /// The link was asked to come back.
    private var mayReconnect = false
    /// All answers are good from now on.
    var isLucky = false

    /// The machine asked for a boot.
    private(set) var hasBootWish = false

    /// Whether the fleet rolls out in waves; nil where nobody gives orders either.
    private let hasWaves: Bool?
    /// What the aggregator says at this moment.
    private var order: OrderView?
    /// Flips that an order opened.
    private(set) var orderedFlips = 0

    init(seed: UInt64, hasWaves: Bool? = nil) {
        self.hasWaves = hasWaves
        generator = SeededGenerator(seed: seed)
        machine = AgentMachine(pace: Driver.pace, current: 1, now: now)
    }

    var isResting: Bool {
        guard awaited.isEmpty else { return false }
        return switch machine.state {
        case .idle, .waiting, .stuck, .rebooting, .callingHome: true
        default: false
        }
    }

    // MARK: What happens to it

    mutating func live() {
        if mayReconnect, Int.random(in: 0..<4, using: &generator) == 0 { return reconnect() }
        switch Int.random(in: 0..<(hasWaves == nil ? 20 : 25), using: &generator) {
        case 20...22: hearOrder()
        case 23...24: hear(.linkChanged(isUp: Bool.random(using: &generator)))
        case 0..<13 where !awaited.isEmpty: answer()
        case 0..<16: letTimePass()
        case 16: hear(Bool.random(using: &generator) ? .syncRequested : .touched)
        case 17:
            isHeld.toggle()
            hear(.looked(current: current, isHeld: isHeld))
        case 18:
            let target = Int.random(in: 0..<nextGeneration, using: &generator)
            if gates[target] != nil { hear(.rollbackRequested(to: target, reason: "by hand")) }
        default: restart()
        }
    }

    mutating func letTimePass() {
        if isLucky, hasBootWish { return restart() }
        // While something is under way, the machine wants to be told nothing.
        let isPrompt = awaited.isEmpty && Bool.random(using: &generator)
        let step = Duration.seconds(Int.random(in: 0...3_600, using: &generator))
        now = isPrompt ? max(now, machine.wakeAt) : now + step
        hear(.tick)
        // What ends with time leaves what was due meanwhile to the next tick.
        if isResting, machine.wakeAt <= now { hear(.tick) }
        if isResting, machine.wakeAt <= now { fail("it is woken at \(now) for nothing") }
    }

    /// Pauses, opens again, renews, goes on to another release, or ends.
    private mutating func hearOrder() {
        let release = Driver.revision(Int.random(in: 2...nextGeneration, using: &generator))
        let start = now + .seconds(Int.random(in: -60...60, using: &generator))
        order =
            Int.random(in: 0..<8, using: &generator) == 0
            ? nil
            : OrderView(
                release: order.map(\.release) ?? release, tip: Driver.revision(nextGeneration),
                isOpen: Int.random(in: 0..<4, using: &generator) > 0, startAt: start,
                startBefore: start + .seconds(Int.random(in: 0...3_600, using: &generator)))
        if Bool.random(using: &generator) { order?.release = release }
        hear(.orderChanged(order))
    }

    /// The agent is killed, and starts again from what is on the disk.
    mutating func restart() {
        awaited = []
        hasBootWish = false
        mayReconnect = false
        machine = AgentMachine(pace: Driver.pace, current: 0, now: now)
        order = nil
        hear(.looked(current: current, isHeld: isHeld))
        let isRebooted = Int.random(in: 0..<4, using: &generator) > 0 || isLucky
        let position = StartPosition(
            journal: journal, current: current, confirmed: confirmed, isRebooted: isRebooted)
        isPlaced = false
        if position == .whole, let journal, journal.move.to != confirmed {
            fail("\(journal) is taken for whole")
        }
        for effect in machine.start(at: position, now: now) { perform(effect) }
    }

    mutating func answer() {
        guard !awaited.isEmpty else { return }
        hear(answer(to: awaited.removeFirst()))
    }

    private mutating func hear(_ input: AgentInput) {
        for effect in machine.handle(input, at: now) { perform(effect) }
        if awaited.count > 1 { fail("two things are under way: \(awaited)") }
    }

    private mutating func fail(_ reason: String) { fault = fault ?? reason }

    // MARK: What it is told to do

    private mutating func perform(_ effect: AgentEffect) {
        switch effect {
        case .journal(let phase, let move): write(phase, move)
        case .forgetJournal: forgetJournal()
        case .discard(let generation):
            if generation == current { fail("the current generation is discarded") }
            gates[generation] = nil
        case .discardUnfinished:
            if journal != nil { fail("a stage is cleared away in the middle of a move") }
        case .record(.failed(let generation, _)): failed.insert(generation)
        case .record(.confirmed(let move)):
            if move.to != current { fail("generation \(move.to) is confirmed from afar") }
            confirmed = move.to
        case .record(.wentBack(let move)), .record(.lostLink(let move, _)):
            if move.to != current { fail("it never came back to \(move.to)") }
            confirmed = move.to
            if case .record(.lostLink) = effect, move.wayHome == nil {
                fail("\(move) lost its link, and nobody had to answer")
            }
        case .record: break
        case .flip(let move):
            if journal?.move != move { fail("a flip without its journal") }
            checkOrder(of: move)
            awaited.append(effect)
        case .stage(_, _, let opened):
            if opened != nil, opened != openRelease || now < order?.startAt ?? now {
                fail("\(effect) without an order that opens it")
            }
            awaited.append(effect)
        case .fetch, .restage, .compare, .probe, .changeUnits, .scan, .seeUnits, .askGit,
            .look, .healUnits:
            awaited.append(effect)
        case .reconnect: mayReconnect = true
        case .runHooks(let move, let moment):
            if moment == .before, move.purpose == .upgrade, journal != nil {
                fail("a hook that may refuse runs when something is under way: \(move)")
            }
            checkBegin(of: move, moment)
            awaited.append(effect)
        case .reboot(let move):
            if journal?.phase != .rebooting || journal?.move != move {
                fail("a boot without its journal")
            }
            hasBootWish = true
        }
    }

    /// The release that may be begun now.
    private var openRelease: Revision? {
        guard let order, order.isOpen, now < order.startBefore, !isHeld else { return nil }
        return order.release
    }

    /// A move begins with its hooks, and only then is it asked whether it may.
    private mutating func checkBegin(of move: Move, _ moment: DesiredHook.Moment) {
        guard hasWaves == true, moment == .before, move.purpose == .upgrade else { return }
        if openRelease != revisions[move.to] {
            fail("\(move) begins, and no order opens its release")
        }
    }

    /// Until the commit point an order that is closed ends a move.
    private mutating func checkOrder(of move: Move) {
        guard hasWaves == true, move.purpose == .upgrade, current == move.from else { return }
        if order?.isOpen != true || order?.release != revisions[move.to] {
            fail("\(move) is flipped, and no order opens its release")
        }
        orderedFlips += 1
    }

    private mutating func write(_ phase: MovePhase, _ move: Move) {
        if move.purpose == .upgrade, journal.map({ isSame($0.move, move) }) != true {
            if isHeld { fail("\(move) begins on a held device") }
            if hasWaves == true, order?.isOpen != true || order?.release != revisions[move.to] {
                fail("\(move) goes on, and its order is closed")
            }
        }
        if let known = journal?.move, !isSame(known, move) {
            let isItsWayBack =
                known.purpose == .upgrade && move.purpose == .goBack && move.from == known.to
                && move.to == known.from
            if !isItsWayBack { fail("\(move) begins while \(known) is under way") }
        }
        if move.purpose == .goBack, move.wayHome == nil, !failed.contains(move.from) {
            fail("a way back before its failure is remembered")
        }
        if journal.map({ isSame($0.move, move) }) != true { isPlaced = false }
        if phase != .flipping, !isPlaced { fail("\(phase) is written before the files stand") }
        journal = (phase, move)
    }

    /// What needs a boot is only known when the way back begins, and settle time that is kept makes
    /// no other move of it.
    private func isSame(_ known: Move, _ move: Move) -> Bool {
        var known = known
        known.rebootFor = move.rebootFor
        known.settled = move.settled
        return known == move
    }

    private mutating func forgetJournal() {
        defer { journal = nil }
        guard let move = journal?.move else { return }
        let isWhole =
            switch move.purpose {
            case .upgrade: confirmed == move.to || current == move.from
            case .goBack: current == move.to && isPlaced
            // What is not healed is found again by the next scan.
            case .heal: true
            }
        if !isWhole { fail("the journal of \(move) is forgotten on generation \(current)") }
    }

    // MARK: How it answers

    private mutating func isGood() -> Bool {
        isLucky || Int.random(in: 0..<4, using: &generator) > 0
    }

    private mutating func isMostlyGood() -> Bool {
        isLucky || Int.random(in: 0..<20, using: &generator) > 0
    }

    private mutating func answer(to effect: AgentEffect) -> AgentInput {
        switch effect {
        case .fetch: isGood() ? .fetched(tip: Driver.revision(nextGeneration)) : .fetchFailed("f")
        case .stage(let tip, let applies, let opened):
            isGood() ? .staged(outcome(tip, applies, opened)) : .stageFailed("s")
        case .restage(let move):
            isGood()
                ? .restaged(gate: gates[move.to] ?? HealthGate(), rebootFor: rebootPaths())
                : .restageFailed("r")
        case .compare where Int.random(in: 0..<6, using: &generator) == 0:
            isGood()
                ? .scanned([Drift.found("/a", .heal), Drift.found("/b", .report)])
                : .scanFailed("s")
        case .compare(let generation), .probe(let generation):
            .probed(results(of: generation))
        case .askGit: isGood() ? .gitAnswered : .gitSilent("g")
        case .flip(let move): flip(move)
        case .changeUnits, .healUnits: isGood() ? .unitsChanged : .unitsFailed("u")
        case .seeUnits: isMostlyGood() ? .unitsSeen([]) : .unitsFailed("l")
        case .runHooks(_, let moment): .hooksRan(isMostlyGood() ? [] : [objection(moment)])
        case .scan, .look: isGood() ? .scanned(drifts()) : .scanFailed("s")
        case .reconnect, .discard, .discardUnfinished, .journal, .forgetJournal, .record, .reboot:
            fatalError("\(effect) wants no answer")
        }
    }

    private mutating func outcome(
        _ tip: Revision, _ applies: Bool, _ opened: Revision?
    ) -> StageOutcome {
        let refusal =
            isGood() ? nil : StageOutcome.Refusal(code: "unsigned", reason: "u", revision: tip)
        guard applies else { return StageOutcome(verdict: .notApplied(tip), refusal: refusal) }
        let verdict: StageOutcome.Verdict? =
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: nil
            case 1: .upToDate(tip)
            case 2: .knownBad(tip, reason: "k")
            case 3: .rejected(tip, code: "invalid", reason: "i")
            default:
                if hasWaves == true {
                    opened.map { .staged(candidate($0)) } ?? .waiting(tip)
                } else {
                    .staged(candidate(tip))
                }
            }
        return StageOutcome(verdict: verdict, refusal: refusal)
    }

    private mutating func candidate(_ tip: Revision) -> Candidate {
        let number = nextGeneration
        nextGeneration += 1
        let names = ["a", "b", "c"].prefix(Int.random(in: 0...3, using: &generator))
        let gate = HealthGate(
            settle: .seconds(Int.random(in: 0...100, using: &generator)), interval: .seconds(2),
            deadline: .seconds(Int.random(in: 0...60, using: &generator)),
            checks: names.map {
                HealthCheck(name: $0, bundle: "web", probe: .file(path: "/x", contains: nil))
            },
            wayHome: .seconds(Int.random(in: 0...600, using: &generator)))
        gates[number] = gate
        revisions[number] = tip
        return Candidate(
            generation: number, revision: tip, gate: gate, rebootFor: rebootPaths(),
            touchesNetwork: Bool.random(using: &generator))
    }

    private mutating func results(of generation: Int) -> [CheckResult] {
        var results: [CheckResult] = []
        for check in gates[generation]?.checks ?? [] where isGood() {
            results.append(CheckResult(check: check.id, passed: isGood(), detail: "d"))
        }
        return results
    }

    private mutating func rebootPaths() -> [String] {
        Int.random(in: 0..<10, using: &generator) == 0 ? ["/etc/fstab"] : []
    }

    private mutating func objection(_ moment: DesiredHook.Moment) -> HookResult {
        HookResult(
            hook: "web/h", moment: moment,
            verdict: Bool.random(using: &generator) ? .notNow : .failed, detail: "h")
    }

    private mutating func drifts() -> [Drift] {
        ["/a", "/b", "a.service"].compactMap { subject in
            let policy = Bool.random(using: &generator) ? DriftPolicy.heal : .report
            return Bool.random(using: &generator) ? Drift.found(subject, policy) : nil
        }
    }

    /// The link comes back where it was asked for, or not.
    private mutating func reconnect() {
        mayReconnect = false
        hear(.linkChanged(isUp: isGood()))
    }

    private mutating func flip(_ move: Move) -> AgentInput {
        guard isGood() else {
            if Bool.random(using: &generator) { current = move.to }
            // A disk that can't be read any more says nothing about the commit point it passed.
            let isKnown = current == move.to && journal?.phase == .flipping
            return .flipFailed("f", passedCommitPoint: isKnown)
        }
        current = move.to
        isPlaced = true
        return .flipped
    }
}
