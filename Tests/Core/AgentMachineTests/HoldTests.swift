import FleetModel
import Testing

@testable import AgentMachine

@Suite struct HoldTests {
    @Test("A held device fetches and verifies, and applies nothing")
    func verifyOnly() {
        var driver = Driver(current: 1)
        _ = driver.say(.looked(current: 1, isHeld: true))
        #expect(driver.machine.phase == "held")
        _ = driver.say(.tick)
        let tip = Driver.revision(2)
        #expect(
            driver.say(.fetched(tip: tip)) == [
                .record(.fetchWorks), .stage(tip: tip, applies: false, opened: nil),
            ])
        #expect(
            driver.say(.staged(StageOutcome(verdict: .notApplied(tip), refusal: nil))) == [
                .record(.accepted), .record(.notApplied(tip)),
            ])
    }

    @Test("A held device reports drift and does not heal it")
    func driftOnly() {
        var driver = Driver(current: 1)
        _ = driver.say(.looked(current: 1, isHeld: true))
        driver.settleDown()
        #expect(driver.say(.tick) == [.scan])
        var held = Drift.found("/etc/x")
        held.standing = .held
        #expect(
            driver.say(.scanned(drifted: ["/etc/x"], toHeal: ["/etc/x"]))
                == [.record(.drift([held]))])
        #expect(driver.machine.state == .idle)
    }

    @Test("A hold that arrives while the checks are compared throws the stage away")
    func holdWhileComparing() {
        var driver = Driver(current: 1)
        let candidate = Driver.candidate(2)
        _ = driver.say(.tick)
        _ = driver.say(.fetched(tip: candidate.revision))
        _ = driver.say(.staged(StageOutcome(verdict: .staged(candidate), refusal: nil)))
        _ = driver.say(.looked(current: 1, isHeld: true))
        #expect(
            driver.say(.probed([])) == [
                .discard(generation: 2), .record(.notApplied(candidate.revision)),
            ])
        #expect(driver.machine.state == .idle)
    }

    @Test("A hold that arrives while a revision is staged throws the stage away")
    func holdWhileStaging() {
        var driver = Driver(current: 1)
        let candidate = Driver.candidate(2)
        _ = driver.say(.tick)
        _ = driver.say(.fetched(tip: candidate.revision))
        _ = driver.say(.looked(current: 1, isHeld: true))
        #expect(
            driver.say(.staged(StageOutcome(verdict: .staged(candidate), refusal: nil))) == [
                .record(.accepted), .discard(generation: 2),
                .record(.notApplied(candidate.revision)),
            ])
        #expect(driver.machine.state == .idle)
    }

    @Test("A way back by hand is done although the device is held")
    func rollbackWhileHeld() {
        var driver = Driver(current: 2)
        _ = driver.say(.looked(current: 2, isHeld: true))
        let back = Move(.goBack, from: 2, to: 1, reason: "sick")
        #expect(driver.say(.rollbackRequested(to: 1, reason: "sick")).last == .restage(back))
    }

    @Test("A hold does not stop what has passed its commit point")
    func holdAfterFlip() {
        var driver = Driver(current: 1)
        driver.flip(to: Driver.candidate(2, gate: Driver.gate()))
        _ = driver.say(.looked(current: 2, isHeld: true))
        let move = Move(.upgrade, from: 1, to: 2)
        #expect(driver.say(.probed([])) == [.record(.confirmed(move)), .forgetJournal])
    }

    @Test("What others did to the device while it was idle counts for the next move")
    func looked() {
        var driver = Driver(current: 1)
        _ = driver.say(.looked(current: 5, isHeld: false))
        driver.stage(Driver.candidate(6))
        let move = Move(.upgrade, from: 5, to: 6)
        #expect(driver.say(.probed(Driver.good("up"))).first == .runHooks(move, .before))
    }
}
