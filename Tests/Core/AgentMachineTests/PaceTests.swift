import FleetModel
import Testing

@testable import AgentMachine

@Suite struct PaceTests {
    @Test("Failed fetches are tried again after 30 s, doubling to 6 h, and never stop")
    func backOff() {
        var driver = Driver()
        var expected = Duration.seconds(30)
        for _ in 0..<60 {
            #expect(driver.waitForFetch() == [.fetch])
            let failed = driver.now
            #expect(driver.say(.fetchFailed("down")) == [.record(.fetchFailed("down"))])
            #expect(nextFetch(driver) == failed + expected)
            expected = min(expected * 2, .seconds(21_600))
        }
    }

    @Test("A verdict ends the backing off")
    func backOffEnds() {
        var driver = Driver()
        for _ in 0..<5 {
            _ = driver.waitForFetch()
            _ = driver.say(.fetchFailed("down"))
        }
        driver.settleDown()
        #expect(nextFetch(driver) == driver.now + .seconds(900))
        _ = driver.waitForFetch()
        _ = driver.say(.fetchFailed("down"))
        #expect(nextFetch(driver) == driver.now + .seconds(30))
    }

    @Test("A tip that can be fetched but not staged is tried ever more rarely too")
    func stagingBacksOff() {
        var driver = Driver()
        var expected = Duration.seconds(30)
        for _ in 0..<15 {
            #expect(driver.waitForFetch() == [.fetch])
            _ = driver.say(.fetched(tip: Driver.revision(1)))
            #expect(
                driver.say(.stageFailed("full")) == [
                    .discardUnfinished, .record(.trouble("full")),
                ])
            #expect(nextFetch(driver) == driver.now + expected)
            expected = min(expected * 2, .seconds(21_600))
        }
    }

    @Test("Devices spread out by at most a tenth of an interval, always by the same")
    func spread() throws {
        var spreads: Set<Int> = []
        for number in 0..<200 {
            let device = try #require(DeviceID("gw-\(number)"))
            let pace = AgentPace(device: device)
            #expect(pace == AgentPace(device: device))
            let interval = pace.spreadOut(.seconds(900))
            #expect(interval >= .seconds(900) && interval < .seconds(990))
            spreads.insert(pace.spread)
        }
        #expect(spreads.count > 150)
    }

    @Test("A sync asks Git and the disk now, even in the middle of the interval")
    func sync() {
        var driver = Driver()
        driver.settleDown()
        _ = driver.say(.tick)
        _ = driver.say(.scanned(drifted: [], toHeal: []))
        #expect(driver.say(.tick).isEmpty)
        #expect(driver.say(.syncRequested) == [.fetch])
        _ = driver.say(.fetchFailed("down"))
        #expect(driver.machine.wakeAt <= driver.now)
        #expect(driver.say(.tick) == [.scan])
    }

    @Test("A sync that is asked for while something is under way comes after it")
    func syncLater() {
        var driver = Driver(current: 1)
        driver.flip(to: Driver.candidate(2, gate: Driver.gate()))
        #expect(driver.say(.syncRequested).isEmpty)
        _ = driver.say(.probed([]))
        #expect(!driver.machine.isIdle)
        #expect(driver.machine.wakeAt < driver.now)
        #expect(driver.say(.tick) == [.fetch])
    }

    /// When Git would be asked next, found out on a copy.
    private func nextFetch(_ driver: Driver) -> Instant {
        var driver = driver
        _ = driver.waitForFetch()
        return driver.now
    }
}
