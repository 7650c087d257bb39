import FleetModel
import Testing

@testable import AgentMachine

/// When a device that hears a broker asks Git.
@Suite struct NewsTests {
    /// Has looked at release 1, and hears orders.
    private func listening(_ isUp: Bool = true) -> Driver {
        var driver = Driver()
        _ = driver.say(.linkChanged(isUp: isUp))
        driver.settleDown()
        driver.scan()
        _ = driver.say(driver.order(release: 1, tip: 1, isOpen: false))
        return driver
    }

    @Test("A tip that an order names and Git has not given is fetched at once, open or not")
    func news() {
        var driver = listening()
        #expect(driver.say(driver.order(isOpen: false)) == [.fetch])
        #expect(
            driver.say(.fetched(tip: Driver.revision(2))) == [
                .record(.fetchWorks),
                .stage(tip: Driver.revision(2), applies: true, opened: nil),
            ])
        driver.end(with: .waiting(Driver.revision(2)))
        // One that was given before is no news.
        #expect(driver.say(driver.order(release: 1, tip: 1, isOpen: false)).isEmpty)
    }

    @Test("A held device fetches too, for trust moves on")
    func newsWhileHeld() {
        var driver = listening()
        _ = driver.say(.looked(current: 1, isHeld: true))
        #expect(driver.say(driver.order(isOpen: false)) == [.fetch])
    }

    @Test(
        "A tip that Git does not give is asked for ever more rarely, and then opens what is there")
    func gitIsBehind() {
        var driver = listening()
        var effects = driver.say(driver.order(release: 1, tip: 2))
        var expected = Duration.seconds(30)
        for round in 0..<12 {
            #expect(effects == [.fetch], "round \(round)")
            let opened = driver.say(.fetched(tip: Driver.revision(1)))
            #expect(
                opened.last
                    == .stage(
                        tip: Driver.revision(1), applies: true,
                        opened: round == 0 ? Driver.revision(1) : nil))
            driver.end(with: .upToDate(Driver.revision(1)))
            let end = driver.now
            #expect(driver.say(driver.order(release: 1, tip: 2, isOpen: false)).isEmpty)
            effects = driver.waitForFetch()
            #expect(driver.now == end + expected, "round \(round)")
            expected = min(expected * 2, .seconds(21_600))
        }
    }

    @Test("A fetch that fails for the sake of a tip is tried again as any other")
    func gitIsAway() {
        var driver = listening()
        var effects = driver.say(driver.order(isOpen: false))
        var expected = Duration.seconds(30)
        for _ in 0..<12 {
            #expect(effects == [.fetch])
            _ = driver.say(.fetchFailed("down"))
            #expect(driver.say(driver.order(isOpen: false)).isEmpty)
            let failed = driver.now
            effects = driver.waitForFetch()
            #expect(driver.now == failed + expected)
            expected = min(expected * 2, .seconds(21_600))
        }
    }

    @Test("Whoever invents tips makes a device ask Git once in half a minute, and no more")
    func inventedTips() {
        for variety in [2, 20, 4_000] {
            var driver = listening()
            var fetches = 0
            for second in 0..<1_800 {
                let number = 2 + second % variety
                var effects = driver.say(driver.order(release: number, tip: number))
                while let effect = effects.last {
                    switch effect {
                    case .fetch:
                        fetches += 1
                        effects = driver.say(.fetched(tip: Driver.revision(1)))
                    case .stage:
                        effects = driver.say(
                            .staged(
                                StageOutcome(
                                    verdict: .waiting(Driver.revision(1)), refusal: nil)))
                    case .scan: effects = driver.say(.scanned(drifted: [], toHeal: []))
                    default: effects = []
                    }
                }
                _ = driver.wait(.seconds(1))
                if driver.machine.state == .scanning { driver.scan() }
                if driver.machine.state == .fetching { _ = driver.say(.fetchFailed("f")) }
            }
            #expect(fetches <= 62, "\(variety) tips")
            if variety == 2 { #expect(fetches < 30) }
        }
    }

    @Test("Orders keep no device from asking Git once a day")
    func onceADay() {
        var driver = listening()
        var last = driver.now
        for minute in 0..<2 * 1_440 {
            let effects = driver.say(
                driver.order(release: 1, tip: 1, isOpen: minute % 2 == 0))
            if case .stage = effects.last { driver.end(with: .waiting(Driver.revision(1))) }
            switch driver.wait(.seconds(60)) {
            case [.scan]: driver.scan()
            case [.fetch]:
                last = driver.now
                _ = driver.say(.fetched(tip: Driver.revision(1)))
                driver.end(with: .waiting(Driver.revision(1)))
            case let effects:
                if case .stage = effects.last { driver.end(with: .waiting(Driver.revision(1))) }
            }
            #expect(driver.now - last <= .seconds(86_400 + 600))
        }
    }

    // MARK: Quiet

    @Test(
        "While orders are heard Git is asked once a day; without a link as often as ever, at once")
    func quiet() {
        var driver = listening()
        #expect(driver.machine.nextFetch == driver.machine.lastLook.map { $0 + .seconds(86_400) })
        _ = driver.wait(.seconds(200))
        _ = driver.say(.linkChanged(isUp: false))
        #expect(driver.machine.nextFetch == driver.machine.lastLook.map { $0 + .seconds(900) })
        _ = driver.say(.linkChanged(isUp: true))
        #expect(driver.machine.nextFetch == driver.machine.lastLook.map { $0 + .seconds(86_400) })
        _ = driver.wait(.seconds(3_600))
        driver.scan()
        #expect(driver.say(.linkChanged(isUp: false)).isEmpty)
        #expect(driver.say(.tick) == [.fetch])
    }

    @Test("A link without an order tells of nothing, nor does an order that is not valid any more")
    func noOrders() {
        var driver = Driver()
        _ = driver.say(.linkChanged(isUp: true))
        #expect(driver.say(.tick) == [.fetch])
        _ = driver.say(.fetched(tip: Driver.revision(1)))
        driver.end(with: .upToDate(Driver.revision(1)))
        #expect(driver.machine.nextFetch == driver.now + .seconds(900))
        _ = driver.say(driver.order(release: 1, tip: 1, isOpen: false))
        #expect(driver.machine.nextFetch == driver.now + .seconds(86_400))
        _ = driver.say(.orderChanged(nil))
        #expect(driver.machine.nextFetch == driver.now + .seconds(900))
    }

    @Test("Devices that lose their broker at one moment spread over an interval")
    func manyLoseTheirBroker() throws {
        var moments: Set<Instant> = []
        for number in 0..<200 {
            let device = try #require(DeviceID("gw-\(number)"))
            let start = Instant(seconds: 0)
            var machine = AgentMachine(pace: AgentPace(device: device), current: 1, now: start)
            _ = machine.handle(.linkChanged(isUp: true), at: start)
            _ = machine.handle(.tick, at: start)
            _ = machine.handle(.fetched(tip: Driver.revision(1)), at: start)
            _ = machine.handle(
                .staged(StageOutcome(verdict: .upToDate(Driver.revision(1)), refusal: nil)),
                at: start)
            let view = OrderView(
                release: Driver.revision(1), tip: Driver.revision(1), isOpen: false,
                startAt: start, startBefore: start)
            _ = machine.handle(.orderChanged(view), at: start)
            let lost = start + .seconds(7_200)
            _ = machine.handle(.linkChanged(isUp: false), at: lost)
            #expect(machine.nextFetch >= lost && machine.nextFetch < lost + .seconds(900))
            moments.insert(machine.nextFetch)
        }
        #expect(moments.count > 150)
    }

    @Test("What may end otherwise in a while is tried again at the old pace")
    func unsettled() {
        var driver = listening()
        _ = driver.say(.syncRequested)
        _ = driver.say(.fetched(tip: Driver.revision(1)))
        driver.end(with: .rejected(Driver.revision(1), code: "preflight", reason: "full"))
        #expect(driver.machine.nextFetch == driver.now + .seconds(900))
        // A hold that ends, and a move that did not come about, are looked at again too.
        _ = driver.waitForFetch()
        _ = driver.say(.fetched(tip: Driver.revision(1)))
        driver.end(with: .upToDate(Driver.revision(1)))
        #expect(driver.machine.nextFetch == driver.now + .seconds(86_400))
        _ = driver.say(.looked(current: 1, isHeld: true))
        _ = driver.say(.looked(current: 1, isHeld: false))
        #expect(driver.machine.nextFetch == driver.now + .seconds(900))
    }
}
