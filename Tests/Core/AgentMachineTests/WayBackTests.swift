import FleetModel
import Testing

@testable import AgentMachine

@Suite struct WayBackTests {
    private static let back = Move(.goBack, from: 2, to: 1, reason: "sick")

    /// On the way from generation 2 to 1, whose contents are being made again.
    private func onTheWay() -> Driver {
        var driver = Driver(current: 2)
        _ = driver.say(.rollbackRequested(to: 1, reason: "sick"))
        return driver
    }

    @Test("A way back by hand remembers what stood here, and ends on the older generation")
    func byHand() {
        let back = Self.back
        var driver = Driver(current: 2)
        #expect(
            driver.say(.rollbackRequested(to: 1, reason: "sick")) == [
                .record(.failed(generation: 2, reason: "sick")), .journal(.flipping, back),
                .restage(back),
            ])
        #expect(driver.machine.phase == "goingBack")
        #expect(
            driver.say(.restaged(gate: HealthGate())) == [
                .journal(.flipping, back), .runHooks(back, .before),
            ])
        #expect(driver.say(.hooksRan([])) == [.changeUnits(back, .beforeFlip)])
        #expect(
            driver.say(.unitsChanged) == [
                .record(.step(back, .units(.beforeFlip))), .flip(back),
            ])
        #expect(
            driver.say(.flipped) == [
                .journal(.placed, back), .record(.step(back, .flipped)),
                .changeUnits(back, .afterFlip),
            ])
        #expect(driver.say(.unitsChanged).last == .runHooks(back, .after))
        #expect(driver.say(.hooksRan([])) == [.record(.wentBack(back)), .forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("Units that fail are told and don't end the way back: there is nowhere else to go")
    func unitsFail() {
        let back = Self.back
        var driver = onTheWay()
        _ = driver.say(.restaged(gate: HealthGate()))
        _ = driver.say(.hooksRan([]))
        #expect(driver.say(.unitsFailed("a")) == [.record(.trouble("a")), .flip(back)])
        _ = driver.say(.flipped)
        #expect(
            driver.say(.unitsFailed("b")) == [.record(.trouble("b")), .runHooks(back, .after)])
        #expect(driver.say(.hooksRan([])) == [.record(.wentBack(back)), .forgetJournal])
    }

    @Test("A way back whose contents can't be made is tried again, ever more rarely, for ever")
    func restageFails() {
        var driver = onTheWay()
        // What is over a moment later should cost a moment.
        for delay in [Duration.milliseconds(250), .seconds(1), .seconds(4)] {
            let failed = driver.now
            #expect(driver.say(.restageFailed("full")) == [.record(.trouble("full"))])
            #expect(driver.machine.phase == "goingBack" && !driver.machine.isPaused)
            #expect(driver.machine.wakeAt - failed == delay)
            #expect(driver.waitForWake() == [.restage(Self.back)])
        }
        var expected = Duration.seconds(30)
        for _ in 0..<40 {
            let failed = driver.now
            #expect(driver.say(.restageFailed("full")) == [.record(.trouble("full"))])
            #expect(driver.machine.phase == "stuck" && driver.machine.isPaused)
            #expect(driver.machine.wakeAt - failed == expected)
            #expect(driver.say(.tick).isEmpty)
            #expect(driver.waitForWake() == [.restage(Self.back)])
            expected = min(expected * 2, .seconds(21_600))
        }
        #expect(driver.say(.restaged(gate: HealthGate())).contains(.journal(.flipping, Self.back)))
    }

    @Test("While the way back is stuck, nothing else is begun")
    func oneAtATime() {
        var driver = onTheWay()
        _ = driver.say(.restageFailed("full"))
        #expect(driver.say(.syncRequested).isEmpty)
        #expect(driver.say(.rollbackRequested(to: 0, reason: "again")).isEmpty)
        #expect(driver.waitForWake() == [.restage(Self.back)])
        #expect(driver.say(.tick).isEmpty)
    }

    @Test("A way back that fails after its commit point puts right what stands there")
    func failsAfterCommitPoint() {
        let back = Self.back
        var driver = onTheWay()
        _ = driver.say(.restaged(gate: HealthGate()))
        _ = driver.say(.hooksRan([]))
        _ = driver.say(.unitsChanged)
        #expect(
            driver.say(.flipFailed("full", passedCommitPoint: true)) == [.record(.trouble("full"))])
        #expect(driver.waitForWake() == [.restage(back)])
        #expect(
            driver.say(.restaged(gate: HealthGate())) == [.journal(.flipping, back), .flip(back)])
    }

    @Test("A way back that fails before its commit point stops the units again")
    func failsBeforeCommitPoint() {
        let back = Self.back
        var driver = onTheWay()
        _ = driver.say(.restaged(gate: HealthGate()))
        _ = driver.say(.hooksRan([]))
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipFailed("full", passedCommitPoint: false))
        _ = driver.waitForWake()
        #expect(
            driver.say(.restaged(gate: HealthGate())) == [
                .journal(.flipping, back), .runHooks(back, .before),
            ])
    }

    @Test("A way back to where the device stands is none")
    func toItself() {
        var driver = Driver(current: 2)
        #expect(driver.say(.rollbackRequested(to: 2, reason: "why")).isEmpty)
        #expect(driver.machine.state == .idle)
    }
}
