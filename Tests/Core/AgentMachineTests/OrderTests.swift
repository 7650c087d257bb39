import FleetModel
import Testing

@testable import AgentMachine

@Suite struct OrderTests {
    private let tip = Driver.revision(2)

    private func order(
        _ driver: Driver, release: Int = 2, tip: Int = 2, isOpen: Bool = true,
        after start: Duration = .zero, within end: Duration = .seconds(900)
    ) -> AgentInput {
        .orderChanged(
            OrderView(
                release: Driver.revision(release), tip: Driver.revision(tip), isOpen: isOpen,
                startAt: driver.now + start, startBefore: driver.now + end))
    }

    /// The device has looked at `tip`, and no order opens it.
    private func waiting() -> Driver {
        var driver = Driver()
        _ = driver.waitForFetch()
        _ = driver.say(.fetched(tip: tip))
        _ = driver.say(.staged(StageOutcome(verdict: .waiting(tip), refusal: nil)))
        scan(&driver)
        return driver
    }

    /// The scan that is due finds nothing.
    private func scan(_ driver: inout Driver) {
        #expect(driver.say(.tick) == [.scan])
        _ = driver.say(.scanned(drifted: [], toHeal: []))
    }

    @Test("A tip that an order names and the device lacks is fetched at once")
    func fetchesNews() {
        var driver = Driver()
        driver.settleDown()
        #expect(driver.say(order(driver, isOpen: false)) == [.fetch])
        #expect(
            driver.say(.fetched(tip: tip)) == [
                .record(.fetchWorks), .stage(tip: tip, applies: true, opened: nil),
            ])
    }

    @Test("A release that is here already is staged without a fetch when its wave opens")
    func stagesWhatIsThere() {
        var driver = waiting()
        #expect(
            driver.say(order(driver)) == [.stage(tip: tip, applies: true, opened: tip)])
    }

    @Test("The same order, repeated or renewed, is looked at once")
    func looksOnce() {
        var driver = waiting()
        _ = driver.say(order(driver))
        _ = driver.say(
            .staged(StageOutcome(verdict: .rejected(tip, code: "c", reason: "r"), refusal: nil)))
        #expect(driver.say(order(driver)) == [])
        #expect(driver.say(order(driver, within: .seconds(1_800))) == [])
    }

    @Test("A device begins at its own moment within the spread, and not before")
    func keepsItsMoment() {
        var driver = waiting()
        let start = driver.now + .seconds(42)
        #expect(driver.say(order(driver, after: .seconds(42))) == [])
        #expect(driver.machine.wakeAt <= start)
        while driver.now < start {
            let effects = driver.waitForWake()
            if effects == [.scan] { _ = driver.say(.scanned(drifted: [], toHeal: [])) }
            if driver.now < start { #expect(effects == [.scan]) }
        }
        #expect(driver.machine.state == .staging(tip: tip, opened: tip))
        #expect(driver.now == start)
    }

    @Test("What may start no more is not started, and starts when the order is renewed")
    func startsNoMore() {
        var driver = waiting()
        let late = order(driver, after: .zero, within: .seconds(-1))
        #expect(driver.say(late) == [])
        #expect(
            driver.say(order(driver)) == [.stage(tip: tip, applies: true, opened: tip)]
                || driver.say(.tick) == [.stage(tip: tip, applies: true, opened: tip)])
    }

    @Test("An order that closes while its release is staged or compared throws the stage away")
    func closesInTime() {
        let candidate = Driver.candidate()
        var staging = waiting()
        _ = staging.say(order(staging))
        #expect(staging.say(order(staging, isOpen: false)) == [])
        #expect(
            staging.say(.staged(StageOutcome(verdict: .staged(candidate), refusal: nil))) == [
                .record(.accepted), .discard(generation: 2), .record(.waiting(tip)),
            ])

        var comparing = waiting()
        _ = comparing.say(order(comparing))
        _ = comparing.say(.staged(StageOutcome(verdict: .staged(candidate), refusal: nil)))
        _ = comparing.say(order(comparing, isOpen: false))
        #expect(comparing.say(.probed([])) == [.discard(generation: 2), .record(.waiting(tip))])
        #expect(comparing.say(order(comparing)) == [.stage(tip: tip, applies: true, opened: tip)])
    }

    @Test("What has begun to move goes on when the order closes, and is reported")
    func whatMovesGoesOn() {
        var driver = waiting()
        _ = driver.say(order(driver))
        _ = driver.say(
            .staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
        _ = driver.say(.probed([]))
        _ = driver.say(order(driver, isOpen: false))
        guard case .flip = driver.say(.unitsChanged).last else {
            Issue.record("the move did not go on")
            return
        }
    }

    @Test("While orders tell of news Git is looked at once a day, and as before when they end")
    func isQuiet() {
        var driver = Driver()
        _ = driver.say(.linkChanged(isUp: true))
        _ = driver.say(order(driver, isOpen: false))
        _ = driver.say(.fetched(tip: tip))
        _ = driver.say(.staged(StageOutcome(verdict: .upToDate(tip), refusal: nil)))
        #expect(driver.machine.nextFetch == driver.now + .seconds(86_400))
        _ = driver.say(.linkChanged(isUp: false))
        #expect(driver.machine.nextFetch == driver.now + .seconds(900))
    }

    @Test("A broker without orders tells nothing, so Git is looked at as often as before")
    func linkAloneIsNotNews() {
        var driver = Driver()
        _ = driver.say(.linkChanged(isUp: true))
        driver.settleDown()
        #expect(driver.machine.nextFetch == driver.now + .seconds(900))
    }

    @Test("Where Git does not give the tip that an order names, it is asked ever more rarely")
    func keptBehind() {
        var driver = Driver()
        driver.settleDown()
        scan(&driver)
        _ = driver.say(.linkChanged(isUp: true))
        var effects = driver.say(order(driver, isOpen: false))
        var expected = Duration.seconds(30)
        for _ in 0..<20 {
            #expect(effects == [.fetch])
            _ = driver.say(.fetched(tip: Driver.revision(1)))
            _ = driver.say(
                .staged(StageOutcome(verdict: .upToDate(Driver.revision(1)), refusal: nil)))
            #expect(driver.machine.nextFetch == driver.now + expected)
            #expect(driver.say(order(driver, isOpen: false)) == [])
            expected = min(expected * 2, .seconds(21_600))
            effects = driver.waitForFetch()
        }
    }

    @Test("An order for what failed here is not tried again by itself")
    func failedStaysFailed() {
        var driver = waiting()
        _ = driver.say(order(driver))
        _ = driver.say(
            .staged(StageOutcome(verdict: .staged(Driver.candidate()), refusal: nil)))
        _ = driver.say(.probed([]))
        _ = driver.say(.unitsFailed("u"))
        _ = driver.say(.unitsChanged)
        #expect(driver.say(order(driver, within: .seconds(1_000))) == [])
    }
}
