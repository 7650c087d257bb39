import FleetModel
import Testing

@testable import AgentMachine

@Suite struct UpgradeTests {
    @Test("An upgrade is done in the order in which it can be taken back")
    func order() {
        var driver = Driver(current: 1)
        let candidate = Driver.candidate(2)
        let move = Move(.upgrade, from: 1, to: 2)
        #expect(driver.say(.tick) == [.fetch])
        #expect(
            driver.say(.fetched(tip: candidate.revision)) == [
                .record(.fetchWorks), .stage(tip: candidate.revision, applies: true, opened: nil),
            ])
        #expect(
            driver.say(.staged(StageOutcome(verdict: .staged(candidate), refusal: nil))) == [
                .record(.accepted), .compare(generation: 2),
            ])
        #expect(
            driver.say(.probed(Driver.good("up"))) == [
                .runHooks(move, .before)
            ])
        #expect(driver.say(.hooksRan([])) == [.seeUnits(move)])
        #expect(
            driver.say(.unitsSeen([])) == [
                .journal(.flipping, move), .changeUnits(move, .beforeFlip),
            ])
        #expect(
            driver.say(.unitsChanged) == [
                .record(.step(move, .units(.beforeFlip))), .flip(move),
            ])
        #expect(
            driver.say(.flipped) == [
                .journal(.placed, move), .record(.step(move, .flipped)),
                .changeUnits(move, .afterFlip),
            ])
        #expect(
            driver.say(.unitsChanged) == [
                .record(.step(move, .units(.afterFlip))), .runHooks(move, .after),
            ])
        #expect(
            driver.say(.hooksRan([])) == [
                .journal(.settling, move), .record(.step(move, .settling)), .probe(generation: 2),
            ])
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        #expect(driver.machine.phase == "settling")
        #expect(driver.wait(.seconds(10)) == [.probe(generation: 2)])
        #expect(
            driver.say(.probed(Driver.good("up"))) == [.record(.confirmed(move)), .forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("Units that can't be stopped before the flip keep the old generation, untouched")
    func unitsFailBefore() {
        var driver = Driver(current: 1)
        let move = Move(.upgrade, from: 1, to: 2)
        driver.leave(for: Driver.candidate(2), before: Driver.good("up"))
        #expect(
            driver.say(.unitsFailed("no")) == [
                .record(.trouble("no")), .changeUnits(move, .undo),
            ])
        #expect(driver.say(.unitsChanged) == [.discard(generation: 2), .forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("A flip that fails before the commit point is abandoned, and nothing is remembered")
    func flipFailsBefore() {
        var driver = Driver(current: 1)
        let move = Move(.upgrade, from: 1, to: 2)
        driver.leave(for: Driver.candidate(2), before: Driver.good("up"))
        _ = driver.say(.unitsChanged)
        #expect(
            driver.say(.flipFailed("full", passedCommitPoint: false)) == [
                .record(.trouble("full")), .changeUnits(move, .undo),
            ])
        // A unit that does not start again is told, and ends the story all the same.
        #expect(
            driver.say(.unitsFailed("dead")) == [
                .record(.trouble("dead")), .discard(generation: 2), .forgetJournal,
            ])
        #expect(driver.machine.state == .idle)
    }

    @Test("A flip that fails after the commit point is made again, and is what counts")
    func flipFailsOnce() {
        var driver = Driver(current: 1)
        let move = Move(.upgrade, from: 1, to: 2)
        driver.leave(for: Driver.candidate(2), before: Driver.good("up"))
        _ = driver.say(.unitsChanged)
        #expect(
            driver.say(.flipFailed("torn", passedCommitPoint: true)) == [.record(.trouble("torn"))])
        #expect(driver.waitForWake() == [.restage(move)])
        #expect(
            driver.say(.restaged(gate: Driver.gate("up"))) == [
                .journal(.flipping, move), .flip(move),
            ])
        #expect(driver.say(.flipped).last == .changeUnits(move, .afterFlip))
    }

    @Test("A flip that fails again and again after the commit point goes back")
    func flipFailsAfter() {
        var driver = Driver(current: 1)
        driver.leave(for: Driver.candidate(2), before: Driver.good("up"))
        _ = driver.say(.unitsChanged)
        for _ in 0..<3 {
            _ = driver.say(.flipFailed("torn", passedCommitPoint: true))
            _ = driver.waitForWake()
            _ = driver.say(.restaged(gate: Driver.gate("up")))
        }
        let back = Move(.goBack, from: 2, to: 1, reason: "torn")
        #expect(
            driver.say(.flipFailed("torn", passedCommitPoint: true)) == [
                .record(.failed(generation: 2, reason: "torn")), .journal(.flipping, back),
                .restage(back),
            ])
    }

    @Test("Units that fail after the flip send the device back")
    func unitsFailAfter() {
        var driver = Driver(current: 1)
        driver.leave(for: Driver.candidate(2), before: Driver.good("up"))
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        let back = Move(.goBack, from: 2, to: 1, reason: "dead")
        #expect(
            driver.say(.unitsFailed("dead")) == [
                .record(.failed(generation: 2, reason: "dead")), .journal(.flipping, back),
                .restage(back),
            ])
    }

    @Test("A verdict that asks for nothing is recorded, and ends there")
    func quietVerdicts() {
        let revision = Driver.revision(7)
        let verdicts: [(StageOutcome.Verdict, AgentEvent)] = [
            (.upToDate(revision), .unchanged(revision)),
            (.notApplied(revision), .notApplied(revision)),
            (.waiting(revision), .waiting(revision)),
            (.knownBad(revision, reason: "sick"), .knownBad(revision, reason: "sick")),
            (
                .rejected(revision, code: "invalid", reason: "typo"),
                .rejected(revision, code: "invalid", reason: "typo")
            ),
        ]
        for (verdict, event) in verdicts {
            var driver = Driver()
            _ = driver.say(.tick)
            _ = driver.say(.fetched(tip: revision))
            let outcome = StageOutcome(verdict: verdict, refusal: nil)
            #expect(driver.say(.staged(outcome)) == [.record(.accepted), .record(event)])
            #expect(driver.machine.state == .idle)
        }
    }

    @Test("A refused tip raises the alarm, and a newer good release before it is applied")
    func refusalWithGoodRelease() {
        var driver = Driver()
        let candidate = Driver.candidate(2)
        let refusal = StageOutcome.Refusal(
            code: "unsigned", reason: "no signature", revision: Driver.revision(3))
        _ = driver.say(.tick)
        _ = driver.say(.fetched(tip: Driver.revision(3)))
        #expect(
            driver.say(.staged(StageOutcome(verdict: .staged(candidate), refusal: refusal))) == [
                .record(.refused(refusal)), .compare(generation: 2),
            ])
    }

    @Test("A refused tip without a newer good release raises the alarm and nothing else")
    func refusalAlone() {
        var driver = Driver()
        let refusal = StageOutcome.Refusal(
            code: "unsigned", reason: "no signature", revision: Driver.revision(3))
        _ = driver.say(.tick)
        _ = driver.say(.fetched(tip: Driver.revision(3)))
        #expect(
            driver.say(.staged(StageOutcome(verdict: nil, refusal: refusal)))
                == [.record(.refused(refusal))])
        #expect(driver.machine.state == .idle)
    }
}
