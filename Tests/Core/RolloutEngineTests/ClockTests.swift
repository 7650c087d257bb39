import FleetModel
import RolloutEngine
import Testing
import WireMessages

/// Clocks that leap, and that are set back.
@Suite struct ClockTests {
    @Test("however the clock is set, no wave opens without a success and its soak")
    func setClocks() {
        for leap in [-86_400 * 400, -3_600, -1_000, 3_600, 86_400 * 400] {
            var bench = Bench(10)
            bench.release(
                1,
                RolloutManifest(waves: [
                    Bench.wave("canary", "ring=canary", soak: .seconds(600))
                ]))
            bench.now = bench.now + .seconds(leap)
            bench.step(.tick)
            bench.pass(.seconds(120))
            #expect(bench.openWaves == 1, "\(leap)")
            bench.succeed([0])
            #expect(bench.standing(of: 0) == .succeeded, "\(leap)")
            bench.pass(.seconds(590))
            #expect(bench.openWaves == 1, "\(leap)")
            bench.now = bench.now + .seconds(-leap)
            bench.step(.tick)
            bench.pass(.seconds(590))
            #expect(bench.openWaves == 1, "\(leap)")
            bench.pass(.seconds(20))
            #expect(bench.openWaves == 2, "\(leap)")
        }
    }

    @Test("what devices did while the clock was ahead holds nobody up for as long as that")
    func leftAhead() {
        var bench = Bench(8)
        bench.release(1, RolloutManifest(waves: [Bench.wave("three", limit: .count(3))]))
        let first = bench.letIn
        let leap = Duration.seconds(86_400 * 400)
        bench.now = bench.now + leap
        bench.set(first.prefix(1), online: false)
        bench.set(first.suffix(1), online: false)
        bench.set(first.suffix(1), online: true)
        bench.succeed(first[1...1])
        bench.now = bench.now + leap * -1
        bench.step(.tick)
        bench.pass(.seconds(1_000))
        #expect(bench.standing(of: first[2]) == .silent)
        #expect(bench.openWaves == 1)
        bench.command(.resume)
        #expect(bench.refusals.isEmpty)
        #expect(bench.openWaves == 2)
    }

    @Test("a leap of the clock that is undone leaves no order that nobody believes for a year")
    func undoneLeap() throws {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        let before = try #require(bench.orders.last?.sequence)
        bench.now = bench.now + .seconds(86_400 * 400)
        bench.step(.tick)
        bench.succeed([0])
        #expect(bench.orders.last?.standing == .rolling)
        bench.now = bench.now + .seconds(-86_400 * 400 + 60)
        bench.step(.tick)
        let order = try #require(bench.orders.last)
        #expect(order.sequence > before)
        #expect(order.sequence <= bench.now.nanoseconds / 1_000_000 + 1_000)
        #expect(order.issued <= bench.now)
        #expect(bench.openWaves == 2)
        bench.succeed(bench.letIn)
        bench.succeed(bench.letIn)
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["succeeded": 10])
    }
}
