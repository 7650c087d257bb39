import FleetModel
import Testing

@testable import AgentMachine

@Suite struct GateTests {
    private static let move = Move(.upgrade, from: 1, to: 2)

    @Test("A generation is confirmed only after the whole settle time without a break")
    func settleWithoutBreak() {
        var driver = Driver(current: 1)
        driver.flip(to: Driver.candidate(2, gate: Driver.gate("up", settle: 10, interval: 4)))
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        _ = driver.wait(.seconds(8))
        // The break starts the settle time anew.
        #expect(driver.say(.probed(Driver.bad("up"))).isEmpty)
        _ = driver.wait(.seconds(4))
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        for _ in 0..<2 {
            #expect(driver.wait(.seconds(4)) == [.probe(generation: 2)])
            #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        }
        // Two seconds are left, less than an interval.
        #expect(driver.wait(.seconds(1)).isEmpty)
        #expect(driver.wait(.seconds(1)) == [.probe(generation: 2)])
        #expect(
            driver.say(.probed(Driver.good("up"))) == [
                .record(.confirmed(Self.move)), .forgetJournal,
            ])
    }

    @Test("A generation without checks is confirmed at once")
    func noChecks() {
        var driver = Driver(current: 1)
        driver.flip(to: Driver.candidate(2, gate: Driver.gate()))
        #expect(
            driver.say(.probed([])) == [.record(.confirmed(Self.move)), .forgetJournal])
    }

    @Test("The first bad round after the deadline sends back; the failure is recorded first")
    func deadline() {
        var driver = Driver(current: 1)
        driver.flip(to: Driver.candidate(2, gate: Driver.gate("up", "fast", deadline: 60)))
        #expect(driver.say(.probed(Driver.bad("up", "fast"))).isEmpty)
        #expect(driver.wait(.milliseconds(59_999)) == [.probe(generation: 2)])
        #expect(driver.say(.probed(Driver.bad("up", "fast"))).isEmpty)
        #expect(driver.wait(.seconds(2)) == [.probe(generation: 2)])
        let reason = "check web/up failed: up is gone (and 1 more)"
        let back = Move(.goBack, from: 2, to: 1, reason: reason)
        #expect(
            driver.say(.probed(Driver.bad("up", "fast"))) == [
                .record(.failed(generation: 2, reason: reason)), .journal(.flipping, back),
                .restage(back),
            ])
    }

    @Test("Settling may end after the deadline, as long as no round was bad after it")
    func settleBeyondDeadline() {
        var driver = Driver(current: 1)
        driver.flip(
            to: Driver.candidate(2, gate: Driver.gate("up", settle: 30, interval: 30, deadline: 60))
        )
        _ = driver.say(.probed(Driver.bad("up")))
        _ = driver.wait(.seconds(50))
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        _ = driver.wait(.seconds(30))
        #expect(
            driver.say(.probed(Driver.good("up"))) == [
                .record(.confirmed(Self.move)), .forgetJournal,
            ])
    }

    @Test("A check that failed before the flip does not send the device back, and is told")
    func wasFailing() {
        var driver = Driver(current: 1)
        driver.flip(
            to: Driver.candidate(2, gate: Driver.gate("up", "sick", settle: 10, deadline: 10)),
            before: Driver.good("up") + Driver.bad("sick"))
        #expect(driver.say(.probed(Driver.good("up") + Driver.bad("sick"))).isEmpty)
        _ = driver.wait(.seconds(10))
        let move = Move(.upgrade, from: 1, to: 2, wasFailing: ["web/sick"])
        #expect(
            driver.say(.probed(Driver.good("up") + Driver.bad("sick"))) == [
                .record(.confirmed(move)), .forgetJournal,
            ])
    }

    @Test("A check without a result counts as failed")
    func missingResult() {
        var gate = GateMachine(
            gate: Driver.gate("up", "silent", deadline: 60), wasFailing: [],
            started: Instant(seconds: 0))
        #expect(
            gate.observed(Driver.good("up"), at: Instant(seconds: 1)) == .again(after: .seconds(2)))
        #expect(
            gate.observed(Driver.good("up"), at: Instant(seconds: 60))
                == .failed(reason: "check web/silent failed: no result"))
    }

    @Test("A result of a check that nobody asked for has no say")
    func foreignResult() {
        var gate = GateMachine(
            gate: Driver.gate("up", settle: 0), wasFailing: [], started: Instant(seconds: 0))
        let results = Driver.bad("other") + Driver.good("up")
        #expect(gate.observed(results, at: Instant(seconds: 0)) == .passed)
    }

    @Test("A gate that wants all checks counts those that failed before the flip too")
    func allChecks() {
        var wanted = Driver.gate("up", "sick", deadline: 0)
        wanted.scope = .all
        var gate = GateMachine(
            gate: wanted, wasFailing: ["web/sick"], started: Instant(seconds: 0))
        #expect(
            gate.observed(Driver.good("up") + Driver.bad("sick"), at: Instant(seconds: 0))
                == .failed(reason: "check web/sick failed: sick is gone"))
    }

    // MARK: What came back by itself

    private static func active(_ mark: String) -> [CheckResult] {
        [CheckResult(check: "web/up", passed: true, detail: "up.service is active", mark: mark)]
    }

    @Test("A unit that was started again between two rounds was not well in between")
    func startedAgain() {
        var gate = GateMachine(
            gate: Driver.gate("up", settle: 4, interval: 2, deadline: 60), wasFailing: [],
            started: Instant(seconds: 0))
        for second in 0..<29 {
            let now = Instant(seconds: Int64(2 * second))
            let verdict = gate.observed(Self.active("\(second / 2) restarts"), at: now)
            #expect(verdict == .again(after: .seconds(2)))
        }
        _ = gate.observed(Self.active("14 restarts"), at: Instant(seconds: 58))
        #expect(
            gate.observed(Self.active("15 restarts"), at: Instant(seconds: 60))
                == .failed(
                    reason: "check web/up failed: it was started again while it settled "
                        + "(15 restarts; before 14 restarts)"))
    }

    @Test("A unit that stays as it is passes, whatever happened before it settled")
    func staysAsItIs() {
        var gate = GateMachine(
            gate: Driver.gate("up", settle: 4, interval: 2), wasFailing: [],
            started: Instant(seconds: 0))
        _ = gate.observed(Self.active("7 restarts"), at: Instant(seconds: 0))
        _ = gate.observed(Driver.bad("up"), at: Instant(seconds: 2))
        _ = gate.observed(Self.active("8 restarts"), at: Instant(seconds: 4))
        _ = gate.observed(Self.active("8 restarts"), at: Instant(seconds: 6))
        #expect(gate.observed(Self.active("8 restarts"), at: Instant(seconds: 8)) == .passed)
    }

    // MARK: Over boots

    @Test("What was held before a boot adds up, and a break begins anew")
    func heldBefore() {
        var gate = GateMachine(
            gate: Driver.gate("up", settle: 100, interval: 10), wasFailing: [],
            started: Instant(seconds: 0), held: .seconds(95))
        #expect(
            gate.observed(Driver.good("up"), at: Instant(seconds: 0)) == .again(after: .seconds(5)))
        #expect(gate.observed(Driver.good("up"), at: Instant(seconds: 5)) == .passed)
        gate = GateMachine(
            gate: Driver.gate("up", settle: 100, interval: 10), wasFailing: [],
            started: Instant(seconds: 0), held: .seconds(95))
        _ = gate.observed(Driver.bad("up"), at: Instant(seconds: 0))
        #expect(
            gate.observed(Driver.good("up"), at: Instant(seconds: 2)) == .again(after: .seconds(10))
        )
    }

    @Test("What was held is kept every half a minute and no oftener, and a break at once")
    func heldIsKept() {
        var driver = Driver(current: 1)
        driver.flip(
            to: Driver.candidate(
                2, gate: Driver.gate("up", settle: 300, interval: 10, deadline: 900)))
        var kept: [Duration] = []
        func note(_ effects: [AgentEffect]) {
            for case .journal(.settling, let move) in effects { kept.append(move.settled) }
        }
        for _ in 0..<8 {
            note(driver.say(.probed(Driver.good("up"))))
            _ = driver.wait(.seconds(10))
        }
        #expect(kept == [.seconds(30), .seconds(60)])
        note(driver.say(.probed(Driver.bad("up"))))
        #expect(kept.last == .zero)
        _ = driver.wait(.seconds(10))
        note(driver.say(.probed(Driver.bad("up"))))
        #expect(kept.count == 3)
    }

    @Test("After a boot in the middle the gate goes on with what was kept")
    func goesOnAfterBoot() {
        var move = Self.move
        move.settled = .seconds(60)
        var driver = Driver(current: 2)
        _ = driver.start(at: .settle(move))
        _ = driver.say(.restaged(gate: Driver.gate("up", settle: 70, interval: 10)))
        _ = driver.say(.flipped)
        #expect(
            driver.say(.unitsChanged) == [
                .journal(.settling, move), .record(.step(move, .settling)), .probe(generation: 2),
            ])
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        _ = driver.wait(.seconds(10))
        #expect(
            driver.say(.probed(Driver.good("up"))) == [
                .record(.confirmed(Self.move)), .forgetJournal,
            ])
    }

    // MARK: What was edited by hand

    @Test("Drift that is to be healed is healed before the checks are compared, then staged again")
    func healsFirst() {
        var driver = Driver(current: 1)
        driver.stage(Driver.candidate(2))
        let heal = Move(.heal, from: 1, to: 1, paths: ["/etc/x"])
        #expect(
            driver.say(.scanned(drifted: ["/etc/x", "/etc/y"], toHeal: ["/etc/x"])) == [
                .record(.drift(["/etc/x", "/etc/y"], healing: ["/etc/x"])),
                .discard(generation: 2), .restage(heal),
            ])
        #expect(driver.finishHealing() == [.record(.healed(["/etc/x"])), .forgetJournal])
        #expect(driver.say(.tick) == [.fetch])
        _ = driver.say(.fetched(tip: Driver.revision(2)))
        driver.end(with: .staged(Driver.candidate(3)))
        driver.leave(after: Driver.bad("up"))
        _ = driver.say(.unitsChanged)
        #expect(driver.machine.phase == "applying")
    }

    @Test("Where that does not help, or nobody can tell, the release is judged in full")
    func nothingForgiven() {
        let full = Move(.upgrade, from: 1, to: 2)
        var driver = Driver(current: 1)
        driver.stage(Driver.candidate(2))
        #expect(
            driver.say(.scanFailed("a bad disk")) == [
                .record(.trouble("a bad disk")), .runHooks(full, .before),
            ])
        driver = Driver(current: 1)
        driver.stage(Driver.candidate(2))
        _ = driver.say(.scanned(drifted: ["/a"], toHeal: ["/a"]))
        _ = driver.say(.restageFailed("no room"))
        _ = driver.say(.tick)
        _ = driver.say(.fetched(tip: Driver.revision(2)))
        driver.end(with: .staged(Driver.candidate(2)))
        #expect(
            driver.say(.scanned(drifted: ["/a"], toHeal: ["/a"])) == [
                .record(.drift(["/a"], healing: ["/a"])), .runHooks(full, .before),
            ])
    }
}
