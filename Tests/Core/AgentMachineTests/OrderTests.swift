import FleetModel
import Testing

@testable import AgentMachine

/// A fleet in waves: release 2 is the channel's tip, and the device has looked at it.
@Suite struct OrderTests {
    private let tip = Driver.revision(2)

    /// Fetched, verified, and not opened here.
    private func waiting() -> Driver {
        var driver = Driver()
        _ = driver.waitForFetch()
        _ = driver.say(.fetched(tip: tip))
        _ = driver.say(.staged(StageOutcome(verdict: .waiting(tip), refusal: nil)))
        driver.scan()
        return driver
    }

    /// What stands ready is being compared, under an open order.
    private func comparing() -> Driver {
        var driver = waiting()
        _ = driver.say(driver.order())
        _ = driver.say(.staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
        return driver
    }

    private func opens(_ number: Int, tip: Int? = nil) -> [AgentEffect] {
        [
            .stage(
                tip: Driver.revision(tip ?? number), applies: true,
                opened: Driver.revision(number))
        ]
    }

    // MARK: Opening

    @Test("A release that is there already is staged without a fetch when an order opens it")
    func opensWhatIsThere() {
        var driver = waiting()
        #expect(driver.say(driver.order()) == opens(2))
        #expect(
            driver.say(.staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
                == [.record(.accepted), .compare(generation: 2)])
    }

    @Test("An order may open a release before the tip")
    func opensAnOlderRelease() {
        var driver = Driver()
        _ = driver.waitForFetch()
        _ = driver.say(.fetched(tip: Driver.revision(3)))
        _ = driver.say(
            .staged(StageOutcome(verdict: .waiting(Driver.revision(3)), refusal: nil)))
        driver.scan()
        #expect(driver.say(driver.order(release: 2, tip: 3)) == opens(2, tip: 3))
    }

    @Test("One order is followed once, however often it is renewed; a paused one again")
    func followsOnce() {
        var driver = waiting()
        _ = driver.say(driver.order())
        _ = driver.say(.staged(StageOutcome(verdict: .upToDate(tip), refusal: nil)))
        #expect(driver.say(driver.order()).isEmpty)
        #expect(driver.say(driver.order(within: .seconds(1_800))).isEmpty)
        #expect(driver.say(driver.order(isOpen: false)).isEmpty)
        #expect(driver.say(driver.order()) == opens(2))
    }

    @Test("A device begins at its own moment in the spread, and not before")
    func keepsItsMoment() {
        var driver = waiting()
        let start = driver.now + .seconds(42)
        #expect(driver.say(driver.order(after: .seconds(42))).isEmpty)
        #expect(driver.machine.wakeAt == start)
        #expect(driver.wait(.seconds(41)).isEmpty)
        #expect(driver.wait(.seconds(1)) == opens(2))
    }

    @Test("What is looked at before the moment in the spread has come is not opened yet")
    func fetchesBeforeItsMoment() {
        var driver = waiting()
        _ = driver.say(driver.order(after: .seconds(42)))
        #expect(driver.say(.syncRequested) == [.fetch])
        #expect(
            driver.say(.fetched(tip: tip)) == [
                .record(.fetchWorks), .stage(tip: tip, applies: true, opened: nil),
            ])
        _ = driver.say(.staged(StageOutcome(verdict: .waiting(tip), refusal: nil)))
        driver.scan()
        #expect(driver.wait(.seconds(42)) == opens(2))
    }

    @Test("After `startBefore` nothing is begun, and the machine sleeps; renewed, it is")
    func tooLate() {
        var driver = waiting()
        #expect(driver.say(driver.order(after: .seconds(-900), within: .zero)).isEmpty)
        #expect(driver.machine.wakeAt > driver.now)
        // It ends while the device waits for its moment.
        #expect(driver.say(driver.order(after: .seconds(60), within: .seconds(50))).isEmpty)
        #expect(driver.wait(.seconds(60)).isEmpty)
        #expect(driver.machine.wakeAt > driver.now)
        #expect(driver.say(driver.order(within: .seconds(1))) == opens(2))
    }

    @Test("An order that comes in the middle of a move is taken when the device is idle again")
    func later() {
        var driver = comparing()
        driver.leave()
        let next = driver.order(release: 3, tip: 2)
        _ = driver.say(.unitsChanged)
        #expect(driver.say(next).isEmpty)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        _ = driver.say(.hooksRan([]))
        #expect(driver.say(.tick).isEmpty)
        _ = driver.say(.probed(Driver.good("up")))
        _ = driver.wait(.seconds(10))
        _ = driver.say(.probed(Driver.good("up")))
        #expect(driver.machine.state == .idle)
        #expect(driver.say(.tick) == opens(3, tip: 2))
    }

    @Test("A held device begins nothing, and looks at the order when the hold ends")
    func held() {
        var driver = waiting()
        _ = driver.say(.looked(current: 1, isHeld: true))
        #expect(driver.say(driver.order()).isEmpty)
        #expect(driver.machine.wakeAt > driver.now)
        _ = driver.say(.looked(current: 1, isHeld: false))
        #expect(driver.say(.tick) == opens(2))
    }

    @Test("What failed here is not begun again while the order stands")
    func failedOnce() {
        var driver = comparing()
        driver.leave()
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsFailed("dead"))
        _ = driver.say(.restaged(gate: HealthGate()))
        _ = driver.say(.hooksRan([]))
        _ = driver.say(.unitsChanged)
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        _ = driver.say(.hooksRan([]))
        #expect(driver.machine.state == .idle)
        #expect(driver.say(driver.order(within: .seconds(1_800))).isEmpty)
    }

    // MARK: Closing

    /// Paused, gone on to another release, over, or not believed any more.
    static let ends: [@Sendable (Driver) -> AgentInput] = [
        { $0.order(isOpen: false) }, { $0.order(release: 3) },
        { $0.order(after: .seconds(-900), within: .zero) }, { _ in .orderChanged(nil) },
    ]

    @Test("An order that ends while its release is staged throws the stage away", arguments: ends)
    func endsWhileStaging(end: @Sendable (Driver) -> AgentInput) {
        var driver = waiting()
        _ = driver.say(driver.order())
        #expect(driver.say(end(driver)).isEmpty)
        #expect(
            driver.say(.staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
                == [.record(.accepted), .discard(generation: 2), .record(.waiting(tip))])
        #expect(driver.machine.state == .idle)
    }

    @Test("An order that ends while the checks are compared does too", arguments: ends)
    func endsWhileComparing(end: @Sendable (Driver) -> AgentInput) {
        var driver = comparing()
        _ = driver.say(end(driver))
        #expect(
            driver.say(.probed(Driver.good("up"))) == [
                .discard(generation: 2), .record(.waiting(tip)),
            ])
        #expect(driver.machine.state == .idle)
        _ = driver.say(.orderChanged(nil))
        #expect(driver.say(driver.order()) == opens(2))
    }

    @Test("One that is closed while units are stopped has them started again, without a flip")
    func endsWhileLeaving() {
        var driver = comparing()
        let move = Move(.upgrade, from: 1, to: 2)
        driver.leave()
        _ = driver.say(driver.order(isOpen: false))
        #expect(
            driver.say(.unitsChanged) == [.record(.waiting(tip)), .changeUnits(move, .undo)])
        #expect(driver.say(.unitsChanged) == [.discard(generation: 2), .forgetJournal])
    }

    @Test("That the time to begin is over stops no move that has begun")
    func overWhileLeaving() {
        var driver = comparing()
        driver.leave()
        _ = driver.say(driver.order(after: .seconds(-900), within: .zero))
        #expect(driver.say(.unitsChanged).last == .flip(Move(.upgrade, from: 1, to: 2)))
    }

    @Test("What has passed its flip goes to its end, whatever orders say")
    func endsAfterFlip() {
        var driver = comparing()
        driver.leave()
        _ = driver.say(.unitsChanged)
        _ = driver.say(.orderChanged(nil))
        _ = driver.say(.flipped)
        _ = driver.say(.unitsChanged)
        #expect(driver.say(.hooksRan([])).last == .probe(generation: 2))
        #expect(driver.say(.probed([])).isEmpty)
    }

    @Test("Where a fleet does without waves, an order that closes stops nothing")
    func withoutWaves() {
        var driver = Driver()
        _ = driver.say(driver.order(release: 3, tip: 3))
        _ = driver.say(.fetched(tip: tip))
        _ = driver.say(.orderChanged(nil))
        #expect(
            driver.say(.staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
                == [.record(.accepted), .compare(generation: 2)])
    }
}
