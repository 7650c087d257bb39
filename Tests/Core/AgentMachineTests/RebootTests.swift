import FleetModel
import Testing

@testable import AgentMachine

@Suite struct RebootTests {
    private static let paths = ["/etc/fstab"]
    private static let move = Move(.upgrade, from: 1, to: 2, rebootFor: paths)

    /// Files, units and hooks of a generation that needs a boot are done.
    private func arrived() -> (Driver, [AgentEffect]) {
        var driver = Driver(current: 1)
        driver.leave(
            for: Candidate(
                generation: 2, revision: Driver.revision(2), gate: Driver.gate("up"),
                rebootFor: Self.paths))
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        let effects = driver.say(.hooksRan([]))
        return (driver, effects)
    }

    @Test("The boot comes after files, units and hooks, is journalled first, and told")
    func asks() {
        let (driver, effects) = arrived()
        #expect(
            effects == [
                .journal(.rebooting, Self.move), .record(.step(Self.move, .needsReboot)),
                .reboot(Self.move),
            ])
        #expect(driver.machine.phase == "needsReboot")
        #expect(driver.machine.isPaused && driver.machine.awaitsReboot)
        #expect(!driver.machine.isIdle)
    }

    @Test("Where no boot comes it is asked for again, ever more rarely; its failure is told")
    func asksAgain() {
        var (driver, _) = arrived()
        #expect(driver.say(.rebootFailed("no")) == [.record(.trouble("no"))])
        for _ in 0..<20 {
            let asked = driver.now
            #expect(driver.waitForWake() == [.reboot(Self.move)])
            #expect(driver.now - asked >= .seconds(60))
            #expect(driver.now - asked <= .seconds(21_600))
        }
    }

    @Test("While the boot is to come, nothing else is begun but the way back")
    func nothingElse() {
        var (driver, _) = arrived()
        #expect(driver.say(.syncRequested).isEmpty)
        #expect(driver.say(driver.order()).isEmpty)
        #expect(driver.say(.rollbackRequested(to: 0, reason: "why")).isEmpty)
        let back = Move(.goBack, from: 2, to: 1, reason: "why")
        #expect(driver.say(.rollbackRequested(to: 1, reason: "why")).last == .restage(back))
    }

    @Test("After the boot the files are checked and the gate judges")
    func settles() {
        var driver = Driver(current: 2)
        #expect(driver.start(at: .settle(Self.move)) == [.restage(Self.move)])
        #expect(
            driver.say(.restaged(gate: Driver.gate("up"), rebootFor: Self.paths)) == [
                .flip(Self.move)
            ])
        #expect(driver.say(.flipped).last == .probe(generation: 2))
    }

    @Test("An agent that begins before the boot asks for it again")
    func startsBefore() {
        var driver = Driver(current: 2)
        #expect(driver.start(at: .reboot(Self.move)) == [.reboot(Self.move)])
        #expect(driver.machine.phase == "needsReboot")
        // Somebody else went back meanwhile.
        #expect(driver.start(at: .whole) == [.forgetJournal])
        #expect(driver.machine.isIdle)
    }

    @Test("The way back over such a path boots too, and is over after that")
    func wayBack() {
        var driver = Driver(current: 2)
        let back = Move(.goBack, from: 2, to: 1, reason: "sick", rebootFor: Self.paths)
        _ = driver.say(.rollbackRequested(to: 1, reason: "sick"))
        #expect(
            driver.say(.restaged(gate: HealthGate(), rebootFor: Self.paths)).first
                == .journal(.flipping, back))
        _ = driver.say(.hooksRan([]))
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        #expect(driver.say(.hooksRan([])).last == .reboot(back))

        var next = Driver(current: 1)
        _ = next.start(at: .settle(back))
        _ = next.say(.restaged(gate: HealthGate(), rebootFor: Self.paths))
        #expect(next.say(.flipped) == [.record(.wentBack(back)), .forgetJournal])
    }
}
