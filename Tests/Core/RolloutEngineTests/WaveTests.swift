import FleetModel
import RolloutEngine
import Testing
import WireMessages

/// Which devices are let in, and when the next ones are.
@Suite struct WaveTests {
    @Test("waves open one after the other, each when the one before has succeeded")
    func threeWavesInTurn() {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        #expect(bench.letIn == [0])
        #expect(bench.counts == ["moving": 1, "waiting": 9])
        bench.pass(.seconds(300))
        #expect(bench.openWaves == 1)

        bench.succeed([0])
        #expect(bench.letIn.count == 5)
        #expect(bench.counts == ["succeeded": 1, "moving": 4, "waiting": 5])
        let half = bench.letIn
        bench.succeed(half.dropLast())
        #expect(bench.openWaves == 2)
        bench.succeed(half.suffix(1))
        #expect(bench.letIn.count == 10)
        #expect(bench.standing == .rolling)

        bench.succeed(bench.letIn.filter { !half.contains($0) })
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["succeeded": 10])
        #expect(bench.orders.last?.standing == .complete)
        #expect(
            bench.decisions.map(\.kind) == [.began, .opened, .opened, .opened, .complete])
    }

    @Test("a wave lets in exactly as many devices as it says, whichever they are")
    func exact() {
        for (limit, devices) in [
            (RolloutAmount.count(1), 1), (.count(7), 7), (.count(99), 60), (.percent(1), 1),
            (.percent(25), 15), (.percent(26), 16), (.percent(100), 60),
        ] {
            var bench = Bench(60)
            bench.release(1, RolloutManifest(waves: [Bench.wave("some", limit: limit)]))
            #expect(bench.letIn.count == devices, "\(limit)")
        }
    }

    @Test("only affected devices count in a limit, and only they move")
    func affectedOnly() {
        var bench = Bench(20)
        bench.release(
            1, RolloutManifest(waves: [Bench.wave("half", limit: .percent(50))]),
            unaffected: Set(0..<10))
        #expect(bench.counts == ["unchanged": 10, "moving": 5, "waiting": 5])
        #expect(bench.letIn.count { $0 >= 10 } == 5)
        bench.succeed(bench.letIn.filter { $0 >= 10 })
        bench.succeed(10..<20)
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["unchanged": 10, "succeeded": 10])
    }

    @Test("devices that earlier waves let in count in a later limit")
    func cumulative() {
        var bench = Bench(10)
        bench.release(
            1,
            RolloutManifest(waves: [
                Bench.wave("kiosks", "role=kiosk", limit: .count(3)),
                Bench.wave("four", limit: .count(4)), Bench.wave("two", limit: .count(2)),
            ]))
        let kiosks = bench.letIn
        #expect(kiosks.count == 3 && kiosks.allSatisfy { !$0.isMultiple(of: 2) })
        bench.succeed(kiosks)
        #expect(bench.letIn.count == 4)
        // The wave that lets nobody new in is passed with the one before.
        bench.succeed(bench.letIn)
        #expect(bench.letIn.count == 10)
    }

    @Test("soak holds the next wave back, and begins anew when something goes wrong")
    func soak() {
        var bench = Bench(10)
        bench.release(
            1,
            RolloutManifest(
                waves: [Bench.wave("three", limit: .count(3), soak: .seconds(600))],
                stopFailures: .count(5)))
        let first = bench.letIn
        bench.succeed(first)
        bench.pass(.seconds(590))
        #expect(bench.openWaves == 1)
        #expect(bench.report.waves.map(\.state) == [.soaking, .waiting])
        // One of them is set up anew: it has to come again.
        bench.tell(
            first[0],
            FleetDevice.Report(
                revision: nil, digest: nil, isConfirmed: true, received: bench.now))
        bench.step(.tick)
        #expect(bench.standing(of: first[0]) == .moving)
        bench.pass(.seconds(20))
        #expect(bench.openWaves == 1)
        bench.succeed(first)
        bench.pass(.seconds(590))
        #expect(bench.openWaves == 1)
        bench.pass(.seconds(10))
        #expect(bench.openWaves == 2)
    }

    @Test("a wave whose devices were never heard is waited for, and passed after ten minutes")
    func unheard() {
        var bench = Bench(4)
        let canary = bench.fleet.removeFirst()
        bench.release(1, threeWaves)
        bench.pass(.seconds(590))
        #expect(bench.openWaves == 0)
        #expect(bench.machine.state.current?.reason.contains("`canary` matches") == true)
        var late = bench
        bench.pass(.seconds(10))
        #expect(bench.openWaves == 2)
        // It comes in time, and is the first.
        late.fleet.append(canary)
        late.expect(.digest(Bench.digest(1)), of: 3, under: Bench.revision(1))
        late.step(.tick)
        #expect(late.openWaves == 1)
        #expect(late.letIn == [3])
    }

    @Test(
        "waves without a device are passed, and a release that changes nothing is through at once")
    func empty() {
        var bench = Bench(4)
        bench.release(
            1,
            RolloutManifest(waves: [
                Bench.wave("nobody", "ring=none", soak: .seconds(3_600)),
                Bench.wave("canary", "ring=canary"),
            ]))
        bench.pass(.seconds(600))
        #expect(bench.openWaves == 2)
        #expect(bench.letIn == [0])
        bench.succeed([0])
        bench.succeed(1..<4)
        bench.release(2, threeWaves, content: 1)
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["unchanged": 4])
    }

    @Test("a wave whose devices are all away opens no other, and one that is there goes first")
    func absentWave() {
        var bench = Bench(3)
        bench.set([0], online: false)
        bench.release(1, threeWaves)
        bench.pass(.seconds(3_600))
        #expect(bench.openWaves == 1)
        #expect(bench.counts == ["offline": 1, "waiting": 2])
        #expect(bench.machine.state.current?.reason.contains("`canary`") == true)

        for present in 0..<8 {
            var bench = Bench(8)
            bench.set((0..<8).filter { $0 != present }, online: false)
            bench.release(1, RolloutManifest(waves: [Bench.wave("one", limit: .count(2))]))
            #expect(bench.letIn.contains(present))
            #expect(bench.letIn.count == 2)
        }
    }

    @Test("the first devices of one release are not the first of the next")
    func shuffled() {
        var firsts: Set<[Int]> = []
        for number in 1...8 {
            var bench = Bench(30)
            bench.release(number, RolloutManifest(waves: [Bench.wave("one", limit: .count(2))]))
            firsts.insert(bench.letIn)
        }
        #expect(firsts.count >= 6)
    }

    @Test("a share of successes below the gate halts the rollout when the wave is through")
    func missedShare() {
        var bench = Bench(20)
        bench.release(
            1,
            RolloutManifest(
                waves: [Bench.wave("ten", limit: .count(10), success: 90)],
                stopFailures: .count(50)))
        let first = bench.letIn
        bench.end(first.prefix(2), as: .rolledBack)
        #expect(bench.standing == .rolling)
        bench.succeed(first.dropFirst(2).dropLast())
        #expect(bench.standing == .rolling)
        bench.succeed(first.suffix(1))
        #expect(bench.standing == .halted)
        #expect(bench.orders.last?.standing == .halted)
        #expect(bench.letIn.isEmpty)
    }

    @Test("a share that devices which are away may still bring is waited for")
    func reachableShare() {
        var bench = Bench(20)
        bench.release(
            1,
            RolloutManifest(
                waves: [Bench.wave("ten", limit: .count(10), success: 90)],
                stopFailures: .count(50)))
        let first = bench.letIn
        bench.end(first.prefix(1), as: .failed)
        bench.set(first.suffix(8), online: false)
        bench.succeed(first[1...1])
        bench.pass(.seconds(3_600))
        #expect(bench.standing == .rolling)
        #expect(bench.openWaves == 1)
        bench.set(first.suffix(8), online: true)
        bench.succeed(first.suffix(8))
        #expect(bench.openWaves == 2)
    }

    @Test("the stop rule halts at once, counted or as a share of those let in")
    func stop() {
        for (stop, failures) in [(RolloutAmount.count(3), 3), (.percent(30), 3), (.percent(1), 1)] {
            var bench = Bench(30)
            bench.release(
                1,
                RolloutManifest(
                    waves: [Bench.wave("ten", limit: .count(10), success: 1)], stopFailures: stop))
            let first = bench.letIn
            for failed in 0..<failures {
                #expect(bench.standing == .rolling, "\(stop) after \(failed)")
                bench.end([first[failed]], as: [.failed, .rejected, .rolledBack][failed % 3])
            }
            #expect(bench.standing == .halted, "\(stop)")
            #expect(bench.decisions.last?.kind == .halted)
            #expect(bench.orders.last?.standing == .halted)
        }
    }

    @Test("a device that needs a newer agent is no failure and holds nobody up")
    func needsAgent() {
        var bench = Bench(6)
        bench.release(1, threeWaves)
        bench.succeed([0])
        let half = bench.letIn.filter { $0 != 0 }
        #expect(half.count == 2)
        bench.end(half.prefix(1), as: .needsAgent)
        bench.succeed(half.suffix(1))
        bench.succeed(bench.letIn.filter { $0 != 0 && !half.contains($0) })
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["succeeded": 5, "needsAgent": 1])
    }

    @Test("a wave that lost all its devices without a success opens no other by itself")
    func leftByAll() {
        var bench = Bench(6)
        bench.release(1, threeWaves)
        bench.end([0], as: .needsAgent)
        bench.pass(.seconds(7_200))
        #expect(bench.openWaves == 1)
        #expect(bench.machine.state.current?.reason.contains("rollout resume") == true)
        bench.command(.resume)
        #expect(bench.openWaves == 2)
    }

    @Test("after a failed canary was forgiven its soak still has to pass")
    func forgivenSoak() {
        var bench = Bench(6)
        bench.release(
            1,
            RolloutManifest(waves: [
                Bench.wave("canary", "ring=canary", limit: .count(1), soak: .seconds(600))
            ]))
        bench.end([0], as: .failed)
        #expect(bench.standing == .halted)
        bench.command(.resume)
        bench.pass(.seconds(590))
        #expect(bench.openWaves == 1)
        bench.pass(.seconds(20))
        #expect(bench.openWaves == 2)
    }

    @Test("in a fleet without waves devices come by themselves, and are only counted")
    func noWaves() {
        var bench = Bench(3)
        bench.release(1, nil)
        #expect(bench.orders.isEmpty)
        #expect(bench.counts == ["moving": 3])
        bench.succeed([0, 1])
        bench.end([2], as: .rolledBack)
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["succeeded": 2, "rolledBack": 1])
        #expect(bench.orders.isEmpty)
        // A release with waves that comes next needs orders again.
        bench.release(2, threeWaves)
        #expect(bench.letIn == [0])
    }
}
