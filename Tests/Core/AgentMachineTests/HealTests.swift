import FleetModel
import Testing

@testable import AgentMachine

@Suite struct HealTests {
    private static let move = Move(.heal, from: 1, to: 1, paths: ["/etc/x"])

    private func scanning() -> Driver {
        var driver = Driver(current: 1)
        driver.settleDown()
        _ = driver.say(.tick)
        return driver
    }

    /// The heal of paths that is under way comes to its end.
    private func finish(_ driver: inout Driver) -> [AgentEffect] {
        driver.finishHealing()
    }

    @Test("Drift is reported first, then healed on the same generation, without a gate")
    func heal() {
        let move = Self.move
        var driver = scanning()
        #expect(
            driver.say(.scanned(drifted: ["/etc/x", "/etc/y"], toHeal: ["/etc/x"])) == [
                .record(.drift(["/etc/x", "/etc/y"], healing: ["/etc/x"])), .restage(move),
            ])
        #expect(driver.machine.phase == "healing")
        #expect(
            driver.say(.restaged(gate: HealthGate())) == [
                .journal(.flipping, move), .runHooks(move, .before),
            ])
        #expect(driver.say(.hooksRan([])) == [.flip(move)])
        #expect(
            driver.say(.flipped) == [
                .journal(.placed, move), .record(.step(move, .flipped)),
                .changeUnits(move, .afterFlip),
            ])
        #expect(driver.say(.unitsChanged).last == .runHooks(move, .after))
        #expect(driver.say(.hooksRan([])) == [.record(.healed(["/etc/x"])), .forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("Drift that is only to be reported is reported")
    func reportOnly() {
        var driver = scanning()
        #expect(
            driver.say(.scanned(drifted: ["/etc/y"], toHeal: []))
                == [.record(.drift(["/etc/y"], healing: []))])
        #expect(driver.machine.state == .idle)
    }

    @Test("The end of a drift is reported too")
    func noDrift() {
        var driver = scanning()
        #expect(driver.say(.scanned(drifted: [], toHeal: [])) == [.record(.drift([]))])
    }

    @Test("A heal that fails waits for the next scan", arguments: [true, false])
    func healFails(inFlip: Bool) {
        var driver = scanning()
        let scanned = driver.now
        _ = driver.say(.scanned(drifted: ["/etc/x"], toHeal: ["/etc/x"]))
        if inFlip {
            _ = driver.say(.restaged(gate: HealthGate()))
            _ = driver.say(.hooksRan([]))
        }
        let effects = driver.say(
            inFlip ? .flipFailed("full", passedCommitPoint: true) : .restageFailed("full"))
        #expect(effects == [.record(.trouble("full")), .forgetJournal])
        #expect(driver.machine.wakeAt == scanned + .seconds(300))
        #expect(driver.waitForWake() == [.scan])
    }

    @Test("A scan that fails is told and tried again at the next one's time")
    func scanFails() {
        var driver = scanning()
        let scanned = driver.now
        #expect(driver.say(.scanFailed("odd")) == [.record(.trouble("odd"))])
        #expect(driver.machine.wakeAt == scanned + .seconds(300))
    }

    // MARK: Units

    @Test("Units are put right when the paths are, each once")
    func units() {
        var driver = scanning()
        let found: [Drift] = [
            .found("/etc/x"), .found("a.service", kind: .disabled),
            .found("a.service", kind: .stopped), .found("b.service", .report, kind: .masked),
        ]
        #expect(driver.say(.scanned(found)) == [.record(.drift(found)), .restage(Self.move)])
        #expect(
            finish(&driver) == [
                .record(.healed(["/etc/x"])), .forgetJournal, .healUnits(["a.service"]),
            ])
        #expect(driver.machine.phase == "healing")
        #expect(driver.say(.unitsChanged) == [.record(.healed(["a.service"]))])
        #expect(driver.machine.state == .idle)
    }

    @Test("Units are put right though the paths can't be, and what fails is told")
    func unitsAfterFailure() {
        var driver = scanning()
        _ = driver.say(.scanned([.found("/etc/x"), .found("a.service", kind: .stopped)]))
        #expect(
            driver.say(.restageFailed("full")) == [
                .record(.trouble("full")), .forgetJournal, .healUnits(["a.service"]),
            ])
        #expect(driver.say(.unitsFailed("no")) == [.record(.trouble("no"))])
        #expect(driver.machine.state == .idle)
    }

    @Test("A unit that can't be put right is not tried for ever")
    func unitThatFails() {
        var driver = scanning()
        let found = [Drift.found("a.service", kind: .stopped)]
        _ = driver.say(.scanned(found))
        for _ in 0..<HealingRecord.bound - 1 {
            _ = driver.say(.unitsFailed("no"))
            _ = driver.say(.touched)
            #expect(driver.say(.scanned(found)).last == .healUnits(["a.service"]))
        }
        _ = driver.say(.unitsFailed("no"))
        _ = driver.say(.touched)
        guard case .record(.contested(let told)) = driver.say(.scanned(found)).last else {
            Issue.record("it is tried once more")
            return
        }
        #expect(told.map(\.subject) == ["a.service"])
        #expect(driver.machine.state == .idle)
    }

    // MARK: What is told at once

    @Test("What was touched is looked at before anything else, and moves no scan")
    func touched() {
        var driver = scanning()
        _ = driver.say(.scanned([]))
        let wake = driver.machine.wakeAt
        #expect(driver.say(.touched) == [.look])
        #expect(driver.say(.scanned([])) == [.record(.drift([]))])
        #expect(driver.machine.wakeAt == wake)
    }

    @Test("What is touched while something is under way is looked at when that ends")
    func touchedMeanwhile() {
        var driver = Driver(current: 1)
        _ = driver.say(.tick)
        #expect(driver.say(.touched) == [])
        _ = driver.say(.fetchFailed("down"))
        #expect(driver.machine.wakeAt <= driver.now)
        #expect(!driver.machine.isIdle)
        #expect(driver.say(.tick) == [.look])
    }

    // MARK: Fights

    /// One path is found changed, so often.
    ///
    /// - Returns: what is done about it each time.
    @discardableResult
    private func fight(
        _ driver: inout Driver, rounds: Int, pause: Duration
    ) -> [Drift.Standing] {
        var standings: [Drift.Standing] = []
        for _ in 0..<rounds {
            _ = driver.wait(pause)
            _ = driver.say(.touched)
            let drifts = judged(driver.say(.scanned([.found("/etc/x")])))
            standings += drifts.map(\.standing)
            if drifts.first?.standing == .healing { _ = finish(&driver) }
        }
        return standings
    }

    private func judged(_ effects: [AgentEffect]) -> [Drift] {
        for case .record(.drift(let drifts)) in effects { return drifts }
        return []
    }

    @Test("What comes back a fourth time within ten minutes is contested and left for an hour")
    func contested() throws {
        var driver = scanning()
        _ = driver.say(.scanned([]))
        fight(&driver, rounds: 3, pause: .seconds(60))
        _ = driver.say(.touched)
        let effects = driver.say(.scanned([.found("/etc/x"), .found("/etc/y", .report)]))
        let drift = try #require(judged(effects).first)
        #expect(drift.standing == .contested)
        #expect(drift.healed == 3)
        #expect(effects.last == .record(.contested([drift])))
        #expect(driver.machine.state == .idle)
        // It is told once, and left alone.
        _ = driver.say(.touched)
        let later = driver.say(.scanned([.found("/etc/x")]))
        #expect(later == [.record(.drift([drift]))])
        // Others are healed meanwhile.
        _ = driver.say(.touched)
        let others = driver.say(.scanned([.found("/etc/x"), .found("/etc/z")]))
        #expect(
            others.last == .restage(Move(.heal, from: 1, to: 1, paths: ["/etc/z"])))
        _ = finish(&driver)
    }

    @Test("After an hour a contested path is put right again")
    func peace() {
        var driver = scanning()
        _ = driver.say(.scanned([]))
        #expect(fight(&driver, rounds: 4, pause: .seconds(1)).last == .contested)
        _ = driver.wait(.seconds(3_600))
        _ = driver.say(.fetchFailed("down"))
        #expect(fight(&driver, rounds: 1, pause: .zero) == [.healing])
    }

    @Test("What comes back seldom is no fight")
    func seldom() {
        var driver = scanning()
        _ = driver.say(.scanned([]))
        let standings = fight(&driver, rounds: 4, pause: .seconds(201))
        #expect(standings == Array(repeating: .healing, count: 4))
    }

    @Test("A heal of paths that fails, and drift of a held device, is no fight")
    func noFight() {
        var driver = scanning()
        _ = driver.say(.scanned([]))
        for _ in 0..<8 {
            _ = driver.say(.touched)
            _ = driver.say(.scanned([.found("/etc/x")]))
            _ = driver.say(.restageFailed("full"))
        }
        _ = driver.say(.looked(current: 1, isHeld: true))
        _ = driver.say(.touched)
        #expect(judged(driver.say(.scanned([.found("/etc/x")]))).map(\.standing) == [.held])
    }

    @Test("The end of a hold is followed by a scan: what was left alone is put right")
    func unheld() {
        var driver = scanning()
        _ = driver.say(.scanned([]))
        _ = driver.say(.looked(current: 1, isHeld: true))
        _ = driver.say(.looked(current: 1, isHeld: false))
        #expect(driver.say(.tick) == [.scan])
    }
}
