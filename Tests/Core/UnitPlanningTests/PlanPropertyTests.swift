import Digests
import FleetModel
import TestSupport
import Testing

@testable import UnitPlanning

/// What holds for the plan between any two states, tried against a small systemd.
@Suite struct PlanPropertyTests {
    private static let rounds = 3_000

    /// What systemd knows of units, as far as plans are about it.
    private struct System {
        var active: Set<String> = []
        var enabled: Set<String> = []
        /// A socket was opened while its service ran, which systemd refuses.
        var refusals: [String] = []

        mutating func run(_ actions: [UnitAction]) {
            for action in actions {
                switch action {
                case .daemonReload, .reload, .reenable: break
                case .stop(let unit): active.remove(unit)
                case .disable(let unit): enabled.remove(unit)
                case .enable(let unit): enabled.insert(unit)
                case .start(let unit):
                    if !active.contains(unit) { open(unit) }
                    active.insert(unit)
                case .restart(let unit):
                    open(unit)
                    active.insert(unit)
                case .restartIfRunning(let unit):
                    if active.contains(unit) { open(unit) }
                }
            }
        }

        private mutating func open(_ unit: String) {
            guard UnitPaths.isSocket(unit), let service = UnitPaths.started(by: unit) else {
                return
            }
            if active.contains(service) { refusals.append(unit) }
        }

        func holds(_ state: DesiredState) -> Bool {
            state.units.allSatisfy { unit in
                (unit.enabled.map { $0 == enabled.contains(unit.name) } ?? true)
                    && (unit.activity.map { ($0 == .running) == active.contains(unit.name) }
                        ?? true)
            }
        }
    }

    private static let names = [
        "a.service", "a.socket", "b.service", "b.timer", "c.service", "d@1.service", "e.path",
    ]

    private func state(_ generator: inout SeededGenerator, isTotal: Bool) -> DesiredState {
        var state = DesiredState(bundles: [BundlePolicy(name: "b")])
        for (index, name) in Self.names.enumerated() {
            let content = "\(Int.random(in: 0..<3, using: &generator))"
            if Bool.random(using: &generator) {
                state.files.append(
                    DesiredFile(
                        path: "/etc/systemd/system/\(name)", bundle: "b",
                        content: SHA256.hash(content.utf8), size: 1))
            }
            guard Int.random(in: 0..<4, using: &generator) > 0 else { continue }
            // Only earlier names, so that nobody waits in a circle.
            let after = Self.names.prefix(index).filter { _ in Bool.random(using: &generator) }
            let activity: DesiredUnit.Activity? =
                [DesiredUnit.Activity.running, .stopped, isTotal ? .running : nil].randomElement(
                    using: &generator) ?? nil
            state.units.append(
                DesiredUnit(
                    name: name, bundle: "b",
                    enabled: isTotal || Bool.random(using: &generator)
                        ? Bool.random(using: &generator) : nil,
                    activity: activity, restartOn: ["/etc/x"], after: Array(after)))
        }
        return state
    }

    @Test("A plan from a state to itself is empty")
    func same() {
        for seed in 0..<UInt64(Self.rounds) {
            var generator = SeededGenerator(seed: seed)
            let state = state(&generator, isTotal: false)
            let plan = MovePlan(from: state, to: state)
            #expect(plan.units.isEmpty && plan.difference.isEmpty, "seed \(seed)")
            #expect(plan.hooksBefore.isEmpty && plan.rebootFor.isEmpty, "seed \(seed)")
        }
    }

    @Test("There, the new state holds; back again, the old one does; and no socket is refused")
    func thereAndBack() {
        for seed in 0..<UInt64(Self.rounds) {
            var generator = SeededGenerator(seed: seed)
            let first = state(&generator, isTotal: true)
            let second = state(&generator, isTotal: true)
            var system = System()
            for (old, new) in [(DesiredState(), first), (first, second), (second, first)] {
                let plan = UnitPlan(from: old, to: new)
                system.run(plan.beforeFlip + plan.afterFlip)
                #expect(system.holds(new), "seed \(seed): \(plan)")
            }
            #expect(system.refusals.isEmpty, "seed \(seed)")
            let end = UnitPlan(from: first, to: DesiredState())
            system.run(end.beforeFlip + end.afterFlip)
            #expect(system.active.isEmpty && system.enabled.isEmpty, "seed \(seed): \(end)")
        }
    }

    @Test("What is done before the flip and taken back leaves everything as it was")
    func takenBack() {
        var touched = 0
        for seed in 0..<UInt64(Self.rounds) {
            var generator = SeededGenerator(seed: seed)
            let plan = UnitPlan(
                from: state(&generator, isTotal: false), to: state(&generator, isTotal: false))
            var system = System()
            for name in Self.names {
                if Bool.random(using: &generator) { system.active.insert(name) }
                if Bool.random(using: &generator) { system.enabled.insert(name) }
            }
            let before = system
            let standings = plan.touchedBeforeFlip.map {
                UnitStanding(
                    unit: $0, isActive: before.active.contains($0),
                    isEnabled: before.enabled.contains($0))
            }
            system.run(plan.beforeFlip)
            system.run(plan.takingBack(standings))
            #expect(system.active == before.active, "seed \(seed): \(plan)")
            #expect(system.enabled == before.enabled, "seed \(seed): \(plan)")
            touched += standings.count
        }
        #expect(touched > Self.rounds / 2)
    }

    @Test("Whoever names another comes after it when the two start, and before it when they stop")
    func order() {
        var pairs = 0
        for seed in 0..<UInt64(Self.rounds) {
            var generator = SeededGenerator(seed: seed)
            let state = state(&generator, isTotal: false)
            let starts = UnitPlan(from: DesiredState(), to: state).afterFlip.compactMap { action in
                if case .start(let unit) = action { return unit }
                if case .restart(let unit) = action { return unit }
                return nil
            }
            let stops = UnitPlan(from: state, to: DesiredState()).beforeFlip.compactMap { action in
                if case .stop(let unit) = action { return unit }
                return nil
            }
            for unit in state.units {
                for other in unit.after {
                    // Sockets and what else starts others have an order of their own.
                    if UnitPaths.started(by: unit.name) != nil { continue }
                    if UnitPaths.started(by: other) != nil { continue }
                    if let late = starts.firstIndex(of: unit.name),
                        let early = starts.firstIndex(of: other)
                    {
                        #expect(early < late, "seed \(seed): \(starts)")
                        pairs += 1
                    }
                    if let early = stops.firstIndex(of: unit.name),
                        let late = stops.firstIndex(of: other)
                    {
                        #expect(early < late, "seed \(seed): \(stops)")
                    }
                }
            }
        }
        #expect(pairs > Self.rounds / 10)
    }
}
