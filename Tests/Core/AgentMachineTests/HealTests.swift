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

    @Test("Drift is reported first, then healed on the same generation, without a gate")
    func heal() {
        let move = Self.move
        var driver = scanning()
        #expect(
            driver.say(.scanned(drifted: ["/etc/x", "/etc/y"], toHeal: ["/etc/x"])) == [
                .record(.drift(["/etc/x", "/etc/y"])), .restage(move),
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
            driver.say(.scanned(drifted: ["/etc/y"], toHeal: [])) == [.record(.drift(["/etc/y"]))])
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
}
