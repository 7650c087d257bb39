import FleetModel
import Testing
import UnitPlanning

@testable import AgentMachine

@Suite struct HookTests {
    private static let move = Move(.upgrade, from: 1, to: 2)
    private static let back = Move(.goBack, from: 2, to: 1, reason: "hook web/db: exit status 1")

    private func result(
        _ verdict: HookResult.Verdict, _ moment: DesiredHook.Moment = .before,
        detail: String = "exit status 1"
    ) -> HookResult {
        HookResult(hook: "web/db", moment: moment, verdict: verdict, detail: detail)
    }

    /// The hooks before the move are under way.
    private func preparing(_ candidate: Candidate = Driver.candidate(2)) -> Driver {
        var driver = Driver(current: 1)
        driver.stage(candidate)
        _ = driver.say(.probed([]))
        return driver
    }

    // MARK: Before

    @Test("Hooks that pass are told in one event before anything is touched")
    func passes() {
        var driver = preparing()
        #expect(driver.machine.phase == "applying")
        let results = [result(.passed)]
        #expect(
            driver.say(.hooksRan(results)) == [
                .record(.hooksRan(Self.move, results)), .seeUnits(Self.move),
            ])
    }

    @Test("A hook that refuses rejects the release; nothing is journalled and nothing touched")
    func refuses() {
        var driver = preparing()
        let results = [result(.failed)]
        #expect(
            driver.say(.hooksRan(results)) == [
                .record(
                    .rejected(
                        Driver.revision(2), code: "hook", reason: "hook web/db: exit status 1")),
                .discard(generation: 2),
            ])
        #expect(driver.machine.state == .idle)
    }

    @Test("A hook that says not now puts the move off, ever longer, and leaves no trace")
    func notNow() {
        var driver = Driver(current: 1)
        var expected = Duration.seconds(30)
        for _ in 0..<12 {
            driver.stage(Driver.candidate(2))
            _ = driver.say(.probed([]))
            let said = driver.now
            #expect(
                driver.say(.hooksRan([result(.notNow, detail: "busy")])) == [
                    .record(
                        .postponed(
                            Self.move, Driver.revision(2), reason: "hook web/db: busy",
                            retryAfter: expected)), .discard(generation: 2),
                ])
            #expect(driver.machine.state == .idle)
            #expect(driver.machine.nextFetch == said + expected)
            #expect(driver.waitForFetch() == [.fetch])
            #expect(driver.now == said + expected)
            expected = min(expected * 2, .seconds(21_600))
        }
    }

    @Test("Another time begins anew when the move was made, or is not wanted any more")
    func forgotten() {
        for isMade in [true, false] {
            var driver = preparing()
            _ = driver.say(.hooksRan([result(.notNow)]))
            _ = driver.waitForFetch()
            if isMade {
                driver.stage(Driver.candidate(2, gate: Driver.gate()))
                driver.leave()
                _ = driver.say(.unitsChanged)
                _ = driver.say(.flipped)
                _ = driver.say(.unitsChanged)
                _ = driver.say(.hooksRan([]))
                _ = driver.say(.probed([]))
            } else {
                _ = driver.say(.fetched(tip: Driver.revision(3)))
                driver.end(with: .upToDate(Driver.revision(3)))
            }
            #expect(driver.machine.state == .idle)
            #expect(driver.machine.postponements == 0)
        }
    }

    @Test("An open order does not begin again at once what a hook has put off")
    func notNowWithWaves() {
        var driver = Driver()
        _ = driver.waitForFetch()
        _ = driver.say(.fetched(tip: Driver.revision(2)))
        driver.end(with: .waiting(Driver.revision(2)))
        driver.scan()
        _ = driver.say(driver.order())
        _ = driver.say(.staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
        _ = driver.say(.probed([]))
        let said = driver.now
        _ = driver.say(.hooksRan([result(.notNow)]))
        #expect(driver.say(.tick).isEmpty)
        #expect(driver.say(driver.order(within: .seconds(1_800))).isEmpty)
        #expect(driver.waitForFetch() == [.fetch])
        #expect(driver.now == said + .seconds(30))
    }

    @Test("What is said while hooks run is obeyed before anything is touched")
    func saidMeanwhile() {
        var driver = preparing()
        _ = driver.say(.looked(current: 1, isHeld: true))
        #expect(
            driver.say(.hooksRan([])) == [
                .discard(generation: 2), .record(.notApplied(Driver.revision(2))),
            ])
    }

    @Test("Units whose standing can't be seen are not stopped")
    func unitsUnseen() {
        var driver = preparing()
        _ = driver.say(.hooksRan([]))
        #expect(
            driver.say(.unitsFailed("no answer")) == [
                .record(.trouble("no answer")), .discard(generation: 2),
            ])
        #expect(driver.machine.state == .idle)
    }

    @Test("How the units stood is in the journal before the first of them is stopped")
    func unitsSeen() {
        var driver = preparing()
        _ = driver.say(.hooksRan([]))
        let standing = UnitStanding(unit: "a.service", isActive: false, isEnabled: true)
        var move = Self.move
        move.units = [standing]
        #expect(
            driver.say(.unitsSeen([standing])) == [
                .journal(.flipping, move), .changeUnits(move, .beforeFlip),
            ])
        #expect(
            driver.say(.unitsFailed("no")) == [.record(.trouble("no")), .changeUnits(move, .undo)])
    }

    // MARK: After

    @Test(
        "A hook after the flip that fails, or says not now, sends the device back",
        arguments: [HookResult.Verdict.failed, .notNow])
    func afterFails(verdict: HookResult.Verdict) {
        var driver = Driver(current: 1)
        driver.leave(for: Driver.candidate(2))
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        let results = [result(verdict, .after)]
        #expect(
            driver.say(.hooksRan(results)) == [
                .record(.hooksRan(Self.move, results)),
                .record(.failed(generation: 2, reason: "hook web/db: exit status 1")),
                .journal(.flipping, Self.back), .restage(Self.back),
            ])
    }

    // MARK: On the way back, and in a healing

    @Test("No hook keeps a device from going back")
    func wayBack() {
        var driver = Driver(current: 2)
        let back = Move(.goBack, from: 2, to: 1, reason: "sick")
        _ = driver.say(.rollbackRequested(to: 1, reason: "sick"))
        _ = driver.say(.restaged(gate: HealthGate()))
        let before = [result(.notNow)]
        #expect(
            driver.say(.hooksRan(before)) == [
                .record(.hooksRan(back, before)),
                .record(.trouble("hook web/db: exit status 1")), .changeUnits(back, .beforeFlip),
            ])
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        let after = [result(.failed, .after)]
        #expect(
            driver.say(.hooksRan(after)) == [
                .record(.hooksRan(back, after)),
                .record(.trouble("hook web/db: exit status 1")), .record(.wentBack(back)),
                .forgetJournal,
            ])
    }

    @Test("A healing that is put off or refused waits for a later scan")
    func healing() {
        for verdict in [HookResult.Verdict.notNow, .failed] {
            var driver = Driver(current: 1)
            driver.settleDown()
            _ = driver.say(.tick)
            _ = driver.say(.scanned(drifted: ["/x"], toHeal: ["/x"]))
            _ = driver.say(.restaged(gate: HealthGate()))
            let effects = driver.say(.hooksRan([result(verdict)]))
            #expect(effects.last == .forgetJournal)
            #expect(driver.machine.state == .idle)
            #expect(driver.waitForWake() == [.scan])
        }
    }
}
