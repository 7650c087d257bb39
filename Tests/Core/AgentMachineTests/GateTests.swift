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
}
