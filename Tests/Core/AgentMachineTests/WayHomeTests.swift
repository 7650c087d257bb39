import FleetModel
import Testing

@testable import AgentMachine

@Suite struct WayHomeTests {
    private static let patience = Duration.seconds(600)
    private static let move = Move(.upgrade, from: 1, to: 2, wayHome: patience)

    private static func candidate(_ generation: Int = 2) -> Candidate {
        var gate = Driver.gate()
        gate.wayHome = patience
        return Candidate(
            generation: generation, revision: Driver.revision(generation), gate: gate,
            touchesNetwork: true)
    }

    /// The gate has passed, and somebody is asked.
    private func calling(linkIsUp: Bool = false) -> (Driver, [AgentEffect]) {
        var driver = Driver(current: 1)
        if linkIsUp { _ = driver.say(.linkChanged(isUp: true)) }
        driver.flip(to: Self.candidate())
        let effects = driver.say(.probed([]))
        return (driver, effects)
    }

    /// Lets Git be silent until the machine does something else.
    private func letGitBeSilent(_ driver: inout Driver) -> [AgentEffect] {
        for _ in 0..<1_000 {
            let effects = driver.say(.gitSilent("no route"))
            if !effects.isEmpty { return effects }
            let next = driver.waitForWake()
            guard case .askGit = next.first else { return next }
        }
        return []
    }

    /// Nobody has answered, and the device is back on generation 1, where it asks again.
    private func backWithoutLink() -> Driver {
        var (driver, _) = calling()
        _ = letGitBeSilent(&driver)
        _ = driver.finishGoingBack()
        return driver
    }

    // MARK: Who has to answer

    @Test("Only a move that touches the network, and only where somebody answered before")
    func whoHasToAnswer() {
        let cases: [(touches: Bool, patience: Duration, knowsGit: Bool, isUp: Bool, has: Bool)] = [
            (true, .seconds(600), true, false, true), (true, .seconds(600), false, true, true),
            (true, .seconds(600), false, false, false), (false, .seconds(600), true, true, false),
            (true, .zero, true, true, false),
        ]
        for (touches, patience, knowsGit, isUp, has) in cases {
            var driver = Driver(current: 1)
            var candidate = Self.candidate()
            candidate.touchesNetwork = touches
            candidate.gate.wayHome = patience
            if knowsGit { driver.settleDown() }
            _ = driver.say(.linkChanged(isUp: isUp))
            #expect((driver.machine.wayHome(of: candidate) != nil) == has)
        }
    }

    @Test("Where Git gave no answer lately, it need not give one afterwards")
    func gitWasSilent() {
        var driver = Driver(current: 1)
        driver.settleDown()
        _ = driver.waitForFetch()
        _ = driver.say(.fetchFailed("no route"))
        #expect(driver.machine.wayHome(of: Self.candidate()) == nil)
    }

    // MARK: The call

    @Test("Without a broker Git is asked at once, and its answer confirms the generation")
    func gitAnswers() {
        var (driver, effects) = calling()
        #expect(effects == [.reconnect, .askGit(within: .seconds(120))])
        #expect(driver.machine.phase == "settling")
        #expect(
            driver.say(.gitAnswered) == [.record(.confirmed(Self.move)), .forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("A connection that outlived the flip proves nothing; a new one does")
    func newConnection() {
        var (driver, effects) = calling(linkIsUp: true)
        #expect(effects == [.reconnect])
        #expect(driver.say(.linkChanged(isUp: false)).isEmpty)
        _ = driver.wait(.seconds(5))
        #expect(
            driver.say(.linkChanged(isUp: true))
                == [.record(.confirmed(Self.move)), .forgetJournal])
    }

    @Test("A broker that does not come back in half a minute lets Git be asked too")
    func brokerIsSlow() {
        var (driver, _) = calling(linkIsUp: true)
        _ = driver.say(.linkChanged(isUp: false))
        #expect(driver.wait(.seconds(29)).isEmpty)
        #expect(driver.wait(.seconds(1)) == [.askGit(within: .seconds(120))])
        // The broker answers first; Git's answer is waited for, and says nothing more.
        #expect(driver.say(.linkChanged(isUp: true)).isEmpty)
        #expect(
            driver.say(.gitSilent("late")) == [.record(.confirmed(Self.move)), .forgetJournal])
    }

    @Test("A link that came and went again is no answer")
    func linkGoesAgain() {
        var (driver, _) = calling()
        #expect(driver.say(.linkChanged(isUp: true)).isEmpty)
        #expect(driver.say(.linkChanged(isUp: false)).isEmpty)
        #expect(driver.say(.gitSilent("no route")).isEmpty)
        #expect(driver.machine.phase == "settling")
    }

    @Test("Nobody answers in time: the device goes back, and blames nobody yet")
    func silence() {
        var (driver, _) = calling()
        let start = driver.now
        let effects = letGitBeSilent(&driver)
        #expect(driver.now - start == Self.patience)
        let reason = "no way home: neither a broker nor Git answered within 10m (no route)"
        let back = Move(.goBack, from: 2, to: 1, reason: reason, wayHome: Self.patience)
        #expect(effects == [.journal(.flipping, back), .restage(back)])
    }

    @Test("However short the time is, Git is asked once before it is over")
    func shortPatience() {
        var call = WayHome(within: .seconds(1), hasBroker: true, now: Instant(seconds: 0))
        #expect(call.next(at: Instant(seconds: 0)) == .wait)
        #expect(call.next(at: Instant(seconds: 9)) == .askGit(within: .seconds(10)))
        call.gitSilent("no", at: Instant(seconds: 12))
        #expect(
            call.next(at: Instant(seconds: 12))
                == .silent(reason: "neither a broker nor Git answered within 1s (no)"))
    }

    // MARK: From the old generation

    @Test("The old generation is answered: the release was at fault, and is remembered")
    func releaseAtFault() {
        var driver = backWithoutLink()
        #expect(driver.machine.phase == "goingBack")
        let effects = driver.say(.gitAnswered)
        guard case .record(.failed(2, let reason)) = effects.first else {
            Issue.record("\(effects)")
            return
        }
        #expect(reason.hasPrefix("no way home"))
        let back = Move(.goBack, from: 2, to: 1, reason: reason, wayHome: Self.patience)
        #expect(effects.dropFirst() == [.record(.wentBack(back)), .forgetJournal])
    }

    @Test("Nobody answers there either: it is told as a lost link, and nothing is remembered")
    func lostLink() {
        var driver = backWithoutLink()
        let effects = letGitBeSilent(&driver)
        guard case .record(.lostLink(let back, retryAfter: .seconds(900))) = effects.first else {
            Issue.record("\(effects)")
            return
        }
        #expect(back.from == 2 && back.to == 1)
        #expect(effects.dropFirst() == [.forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("A device that is killed while it asks asks again, from where it stands")
    func killed() {
        for (move, isUpgrade) in [
            (Self.move, true),
            (Move(.goBack, from: 2, to: 1, reason: "x", wayHome: Self.patience), false),
        ] {
            let position = StartPosition(
                journal: (.settling, move), current: move.to, confirmed: 1)
            #expect(position == .settle(move))
            var driver = Driver(current: move.to)
            #expect(driver.start(at: position) == [.restage(move)])
            _ = driver.say(.restaged(gate: Self.candidate().gate))
            _ = driver.say(.flipped)
            let effects = driver.say(.unitsChanged)
            #expect(effects.first == .journal(.settling, move))
            let asks = isUpgrade ? driver.say(.probed([])) : Array(effects.dropFirst())
            #expect(asks == [.reconnect, .askGit(within: .seconds(120))])
        }
    }

    // MARK: The next try

    /// The device has lost its link with release 2, and is told of `tip` when it looks at Git.
    private func afterLoss() -> Driver {
        var driver = backWithoutLink()
        _ = letGitBeSilent(&driver)
        return driver
    }

    @Test("The same release waits, and is only verified meanwhile; then it is tried again")
    func waitsOut() {
        var driver = afterLoss()
        let end = driver.now + .seconds(900)
        _ = driver.say(.fetchWanted)
        let verifies: [AgentEffect] = [
            .record(.fetchWorks), .stage(tip: Driver.revision(2), applies: false, opened: nil),
        ]
        #expect(driver.say(.fetched(tip: Driver.revision(2))) == verifies)
        // What is known was told.
        #expect(
            driver.say(
                .staged(StageOutcome(verdict: .notApplied(Driver.revision(2)), refusal: nil)))
                == [.record(.accepted)])
        while driver.now < end, driver.waitForFetch() == [.fetch] {
            let effects = driver.say(.fetched(tip: Driver.revision(2)))
            guard effects == verifies else {
                #expect(driver.now >= end)
                #expect(
                    effects == [
                        .record(.fetchWorks),
                        .stage(tip: Driver.revision(2), applies: true, opened: nil),
                    ])
                return
            }
            driver.end(with: .notApplied(Driver.revision(2)))
        }
        Issue.record("it never tried again")
    }

    @Test("Another release need not wait, nor does a person who asks")
    func needNotWait() {
        var driver = afterLoss()
        _ = driver.say(.fetchWanted)
        #expect(
            driver.say(.fetched(tip: Driver.revision(3))).last
                == .stage(tip: Driver.revision(3), applies: true, opened: nil))
        driver = afterLoss()
        #expect(driver.say(.syncRequested) == [.fetch])
        #expect(
            driver.say(.fetched(tip: Driver.revision(2))).last
                == .stage(tip: Driver.revision(2), applies: true, opened: nil))
    }

    @Test("Each further loss doubles the wait, up to the longest; a confirmation ends the count")
    func backOff() {
        var driver = Driver(current: 1)
        driver.flip(to: Self.candidate())
        var waits: [Duration] = []
        for _ in 0..<8 {
            _ = driver.say(.probed([]))
            _ = letGitBeSilent(&driver)
            _ = driver.finishGoingBack()
            guard case .record(.lostLink(_, let pause)) = letGitBeSilent(&driver).first else {
                Issue.record("it did not lose its link")
                return
            }
            waits.append(pause)
            _ = driver.say(.syncRequested)
            _ = driver.say(.fetched(tip: Driver.revision(2)))
            driver.end(with: .staged(Self.candidate()))
            driver.leave()
            _ = driver.arrive()
        }
        #expect(
            waits
                == [900, 1_800, 3_600, 7_200, 14_400, 21_600, 21_600, 21_600].map(Duration.seconds)
        )
        _ = driver.say(.probed([]))
        _ = driver.say(.gitAnswered)
        #expect(driver.machine.linkLoss == nil)
    }

    @Test("In a fleet with waves only the lost release waits, however often its order is renewed")
    func waves() {
        var driver = Driver(current: 1)
        _ = driver.say(.linkChanged(isUp: true))
        driver.settleDown()
        driver.scan()
        var effects = driver.say(driver.order(within: .seconds(86_400)))
        #expect(effects == [.fetch])
        effects = driver.say(.fetched(tip: Driver.revision(2)))
        #expect(
            effects.last
                == .stage(tip: Driver.revision(2), applies: true, opened: Driver.revision(2)))
        driver.end(with: .staged(Self.candidate()))
        driver.leave()
        _ = driver.arrive()
        _ = driver.say(.probed([]))
        _ = driver.say(.linkChanged(isUp: false))
        _ = driver.wait(.seconds(30))
        _ = letGitBeSilent(&driver)
        _ = driver.finishGoingBack()
        _ = letGitBeSilent(&driver)
        // Git is due, for no link tells of news.
        #expect(driver.say(driver.order(within: .seconds(86_400))) == [.fetch])
        #expect(
            driver.say(.fetched(tip: Driver.revision(2))).last
                == .stage(tip: Driver.revision(2), applies: false, opened: Driver.revision(2)))
        driver.end(with: .notApplied(Driver.revision(2)))
        driver.scan()
        for _ in 0..<3 {
            #expect(driver.say(driver.order(within: .seconds(86_400))).isEmpty)
        }
    }
}
