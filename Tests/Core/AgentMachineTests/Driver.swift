import FleetModel
import Testing

@testable import AgentMachine

extension AgentInput {
    /// What a scan found, by path alone.
    static func scanned(drifted: [String], toHeal: [String]) -> AgentInput {
        .scanned(drifted.map { .found($0, toHeal.contains($0) ? .heal : .report) })
    }
}

extension AgentEvent {
    /// The same as the machine tells it, where nobody holds the device and nobody fights.
    static func drift(_ drifted: [String], healing: [String]) -> AgentEvent {
        .drift(drifted.map { .found($0, healing.contains($0) ? .heal : .report) })
    }
}

extension Drift {
    static func found(
        _ subject: String, _ policy: DriftPolicy = .heal, kind: Drift.Kind = .content
    ) -> Drift {
        Drift(
            subject: subject, bundle: "web", kind: kind, detail: "odd", policy: policy,
            since: Instant(seconds: 7))
    }
}

/// Feeds the machine, with a clock that only moves when it is told to.
struct Driver {
    private(set) var now = Instant(seconds: 1_000)
    private(set) var machine: AgentMachine

    /// Without a place of its own within an interval, so that delays are round numbers.
    static let pace: AgentPace = {
        guard let device = DeviceID("gw-1") else { fatalError("gw-1 is a device id") }
        var pace = AgentPace(device: device)
        pace.spread = 0
        return pace
    }()

    init(current: Int = 1) {
        machine = AgentMachine(pace: Self.pace, current: current, now: now)
    }

    mutating func say(_ input: AgentInput) -> [AgentEffect] { machine.handle(input, at: now) }

    mutating func start(at position: StartPosition) -> [AgentEffect] {
        machine.start(at: position, now: now)
    }

    /// Lets time go by, and tells the machine.
    mutating func wait(_ duration: Duration) -> [AgentEffect] {
        now = now + duration
        return say(.tick)
    }

    /// Lets time go by until the machine wants to be told.
    mutating func waitForWake() -> [AgentEffect] {
        now = max(now, machine.wakeAt)
        return say(.tick)
    }

    /// Lets time go by until Git is due; scans in between find nothing.
    mutating func waitForFetch() -> [AgentEffect] {
        for _ in 0..<1_000 {
            let effects = waitForWake()
            guard effects == [.scan] else { return effects }
            _ = say(.scanned(drifted: [], toHeal: []))
        }
        return []
    }

    // MARK: Shortcuts to a place in the story

    /// The checks are about to be tried on the old generation.
    mutating func stage(_ candidate: Candidate) {
        _ = waitForFetch()
        _ = say(.fetched(tip: candidate.revision))
        _ = say(.staged(StageOutcome(verdict: .staged(candidate), refusal: nil)))
    }

    /// The checks were tried, no hook objects, and the units are about to be stopped.
    mutating func leave(for candidate: Candidate, before: [CheckResult] = []) {
        stage(candidate)
        leave(after: before)
    }

    /// From the tried checks to the units that are about to be stopped.
    mutating func leave(after results: [CheckResult] = []) {
        _ = say(.probed(results))
        _ = say(.hooksRan([]))
        _ = say(.unitsSeen([]))
    }

    /// The flip is done, and the gate's first round is under way.
    mutating func flip(to candidate: Candidate, before: [CheckResult] = []) {
        leave(for: candidate, before: before)
        _ = arrive()
    }

    /// From the units that are about to be stopped to what comes after the last hook.
    mutating func arrive() -> [AgentEffect] {
        _ = say(.unitsChanged)
        _ = say(.flipped)
        _ = say(.unitsChanged)
        return say(.hooksRan([]))
    }

    /// The way back that is being made ready comes to its end.
    mutating func finishGoingBack() -> [AgentEffect] {
        _ = say(.restaged(gate: HealthGate()))
        _ = say(.hooksRan([]))
        return arrive()
    }

    /// The heal of paths that is being made ready comes to its end, and no hook objects.
    mutating func finishHealing() -> [AgentEffect] {
        _ = say(.restaged(gate: HealthGate()))
        _ = say(.hooksRan([]))
        _ = say(.flipped)
        _ = say(.unitsChanged)
        return say(.hooksRan([]))
    }

    /// Git was looked at, and nothing is to be done; the next thing is a scan.
    mutating func settleDown() {
        _ = waitForFetch()
        _ = say(.fetched(tip: Self.revision(1)))
        _ = say(
            .staged(StageOutcome(verdict: .upToDate(Self.revision(1)), refusal: nil)))
    }

    /// A scan that is due finds nothing.
    mutating func scan() {
        if machine.state != .scanning { _ = say(.tick) }
        if machine.state == .scanning { _ = say(.scanned(drifted: [], toHeal: [])) }
    }

    /// The stage that is under way comes to its verdict.
    mutating func end(with verdict: StageOutcome.Verdict) {
        _ = say(.staged(StageOutcome(verdict: verdict, refusal: nil)))
    }

    /// What an order means that came now; release 2 is the tip.
    func order(
        release: Int = 2, tip: Int = 2, isOpen: Bool = true, after start: Duration = .zero,
        within end: Duration = .seconds(900)
    ) -> AgentInput {
        .orderChanged(
            OrderView(
                release: Self.revision(release), tip: Self.revision(tip), isOpen: isOpen,
                startAt: now + start, startBefore: now + end))
    }

    // MARK: Values

    static func revision(_ number: Int) -> Revision {
        let digits = String(number)
        guard
            let revision = Revision(String(repeating: "0", count: 40 - digits.utf8.count) + digits)
        else { fatalError("a number with zeros before it is a revision") }
        return revision
    }

    static func gate(
        _ names: String..., settle: Int = 10, interval: Int = 2, deadline: Int = 60
    ) -> HealthGate {
        HealthGate(
            settle: .seconds(settle), interval: .seconds(interval), deadline: .seconds(deadline),
            checks: names.map {
                HealthCheck(name: $0, bundle: "web", probe: .file(path: "/\($0)", contains: nil))
            })
    }

    static func candidate(_ generation: Int = 2, gate: HealthGate = Driver.gate("up")) -> Candidate
    {
        Candidate(generation: generation, revision: revision(generation), gate: gate)
    }

    static func good(_ names: String...) -> [CheckResult] {
        names.map { CheckResult(check: "web/\($0)", passed: true) }
    }

    static func bad(_ names: String...) -> [CheckResult] {
        names.map { CheckResult(check: "web/\($0)", passed: false, detail: "\($0) is gone") }
    }
}
