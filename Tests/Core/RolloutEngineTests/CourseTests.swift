import FleetModel
import RolloutEngine
import Testing
import WireMessages

/// What comes between: newer releases, operators, absent devices, restarts.
@Suite struct CourseTests {
    // MARK: Newer releases

    @Test("a release that comes while one is unfinished waits, and only the newest is kept")
    func queue() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        let orders = bench.orders.count
        bench.release(2, threeWaves)
        bench.release(3, threeWaves)
        #expect(bench.current == Bench.revision(1))
        #expect(bench.machine.state.queued?.revision == Bench.revision(3))
        // Keys and rules do not wait: devices hear of the tip.
        #expect(bench.orders.count == orders + 2)
        #expect(bench.orders.last?.tip == Bench.revision(3))
        #expect(bench.orders.last?.release == Bench.revision(1))
        while bench.current == Bench.revision(1) { bench.succeed(bench.letIn) }
        #expect(bench.current == Bench.revision(3))
        #expect(bench.letIn == [0])
        #expect(bench.machine.state.past.map(\.standing) == [.complete])
        #expect(bench.machine.state.past.first?.counts == ["succeeded": 4])
    }

    @Test("with `replace` it takes the place of the one under way, whose devices are superseded")
    func replace() {
        var bench = Bench(4)
        var manifest = threeWaves
        manifest.onNewer = .replace
        bench.release(1, manifest)
        bench.succeed([0])
        bench.release(2, manifest)
        #expect(bench.current == Bench.revision(2))
        #expect(bench.machine.state.past.first?.standing == .rolling)
        #expect(bench.machine.state.past.first?.counts == ["succeeded": 1, "superseded": 3])
        #expect(bench.decisions.contains { $0.kind == .replaced })
    }

    @Test("a halted or aborted rollout is replaced by the next release: that is the fix")
    func fix() {
        for isHalt in [true, false] {
            var bench = Bench(4)
            bench.release(1, threeWaves)
            if isHalt { bench.end([0], as: .rolledBack) } else { bench.command(.abort) }
            #expect(bench.standing == (isHalt ? .halted : .aborted))
            bench.release(2, threeWaves)
            #expect(bench.current == Bench.revision(2))
            #expect(bench.standing == .rolling)
            #expect(bench.letIn == [0])
        }
    }

    @Test("a release that was waiting when the rollout halted is no fix: it begins after an abort")
    func queuedBeforeHalt() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.release(2, threeWaves)
        bench.end([0], as: .rolledBack)
        bench.pass(.seconds(3_600))
        #expect(bench.standing == .halted && bench.current == Bench.revision(1))
        #expect(bench.machine.state.current?.reason.contains("after an abort") == true)
        bench.command(.abort)
        #expect(bench.current == Bench.revision(2) && bench.standing == .rolling)

        bench = Bench(4)
        bench.release(1, threeWaves)
        bench.release(2, threeWaves)
        bench.end([0], as: .rolledBack)
        bench.release(3, threeWaves)
        #expect(bench.current == Bench.revision(3) && bench.machine.state.queued == nil)
    }

    @Test("devices of an unfinished rollout come first in the next one, those first that failed")
    func leaders() {
        var bench = Bench(40)
        bench.release(
            1,
            RolloutManifest(
                waves: [Bench.wave("ten", limit: .count(10))], stopFailures: .count(2)))
        let victims = bench.letIn
        bench.succeed(victims.prefix(3))
        bench.end(victims.suffix(2), as: .rolledBack)
        #expect(bench.standing == .halted)
        bench.release(
            2,
            RolloutManifest(waves: [
                Bench.wave("two", limit: .count(2)), Bench.wave("eight", limit: .count(8)),
                Bench.wave("fifteen", limit: .count(15)),
            ]))
        #expect(bench.letIn == victims.suffix(2).sorted())
        bench.succeed(bench.letIn)
        #expect(bench.letIn.count == 8)
        #expect(Set(bench.letIn).isSubset(of: victims))
        bench.succeed(bench.letIn)
        #expect(bench.letIn.count == 15)
        #expect(Set(bench.letIn).isSuperset(of: victims))
    }

    @Test("a release that wants no orders can't wait, for devices apply it at once")
    func noWavesDoNotWait() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.release(2, nil)
        #expect(bench.current == Bench.revision(2))
    }

    @Test("the same release again is no news")
    func again() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        let (orders, decisions) = (bench.orders, bench.decisions)
        bench.release(1, threeWaves)
        #expect(bench.orders == orders && bench.decisions == decisions)
        while bench.standing == .rolling { bench.succeed(bench.letIn) }
        bench.release(2, threeWaves)
        bench.release(1, threeWaves)
        #expect(bench.current == Bench.revision(2) && bench.machine.state.queued == nil)
    }

    // MARK: Operators

    @Test("a pause closes the order for those who have not begun, and a resume goes on")
    func pause() {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        bench.succeed([0])
        let half = bench.letIn
        bench.command(.pause, reason: "the weather")
        #expect(bench.orders.last?.standing == .paused)
        #expect(bench.machine.state.current?.reason == "paused by anna: the weather")
        #expect(bench.letIn.isEmpty)
        // Those who had begun come to their end, and open nothing.
        bench.succeed(half)
        bench.pass(.seconds(3_600))
        #expect(bench.openWaves == 2)
        #expect(bench.counts == ["succeeded": 5, "waiting": 5])
        bench.command(.resume)
        #expect(bench.openWaves == 3)
        bench.succeed(0..<10)
        #expect(bench.standing == .complete)
    }

    @Test("who has not begun when the order closes waits, and has his time again afterwards")
    func pausedDevices() {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        bench.succeed([0])
        bench.command(.pause)
        #expect(bench.counts == ["succeeded": 1, "moving": 4, "waiting": 5])
        bench.pass(.seconds(1_000))
        #expect(bench.counts == ["succeeded": 1, "waiting": 9])
        bench.command(.resume)
        #expect(bench.counts == ["succeeded": 1, "moving": 4, "waiting": 5])
        bench.pass(.seconds(1_000))
        #expect(bench.counts == ["succeeded": 1, "silent": 4, "waiting": 5])
    }

    @Test("after a halt an operator may go on: what failed until then counts no more")
    func resumeAfterHalt() {
        var bench = Bench(10)
        bench.release(
            1, RolloutManifest(waves: [Bench.wave("five", limit: .count(5))]))
        let first = bench.letIn
        bench.end(first.prefix(1), as: .rolledBack)
        #expect(bench.standing == .halted)
        bench.command(.resume)
        #expect(bench.standing == .rolling)
        bench.succeed(first.dropFirst())
        #expect(bench.openWaves == 2)
        // The next failure counts again.
        bench.end(bench.letIn.filter { !first.contains($0) }.prefix(1), as: .failed)
        #expect(bench.standing == .halted)
    }

    @Test("an abort is for good")
    func abort() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.command(.abort, reason: "wrong file")
        #expect(bench.orders.last?.standing == .aborted)
        bench.succeed([0])
        bench.pass(.seconds(3_600))
        bench.command(.resume)
        bench.command(.abort)
        bench.command(.pause)
        #expect(bench.refusals.map(\.code) == [.over, .over, .notPausable])
        #expect(bench.standing == .aborted && bench.openWaves == 1)
    }

    @Test("a command that does not fit is refused with what to do, and changes nothing")
    func refusals() {
        var bench = Bench(4)
        bench.command(.pause)
        bench.release(1, nil)
        bench.command(.pause)
        bench.release(2, threeWaves)
        let state = bench.machine.state
        bench.command(.pause, release: Bench.revision(1))
        bench.command(.resume)
        #expect(
            bench.refusals.map(\.code) == [.noRollout, .noOrders, .otherRelease, .notPaused])
        #expect(bench.refusals.allSatisfy { !$0.fix.isEmpty })
        #expect(bench.machine.state == state)
        bench.command(.pause, release: Bench.revision(2))
        #expect(bench.standing == .paused)
    }

    // MARK: Absent devices

    @Test("an absent device holds nobody up, and comes later through the same gates")
    func lateJoiner() {
        var bench = Bench(6)
        bench.set([5], online: false)
        bench.release(1, threeWaves)
        while bench.standing == .rolling { bench.succeed(bench.letIn.filter { $0 != 5 }) }
        #expect(bench.standing == .complete)
        #expect(bench.counts == ["succeeded": 5, "offline": 1])
        bench.pass(.seconds(80_000))
        let orders = bench.orders.count
        bench.set([5], online: true)
        #expect(bench.orders.count == orders + 1)
        #expect(bench.letIn.contains(5))
        #expect(bench.counts == ["succeeded": 5, "moving": 1])
        bench.succeed([5])
        #expect(bench.counts == ["succeeded": 6])
    }

    @Test("a late joiner that fails closes the order for the others")
    func lateFailure() {
        var bench = Bench(6)
        bench.set([4, 5], online: false)
        bench.release(1, threeWaves)
        while bench.standing == .rolling { bench.succeed(bench.letIn.filter { $0 < 4 }) }
        bench.set([5], online: true)
        bench.end([5], as: .rolledBack)
        #expect(bench.standing == .halted)
        #expect(bench.orders.last?.standing == .halted)
    }

    @Test("who goes away in the middle is no success; an operator may go on without")
    func lostInTheMiddle() {
        var bench = Bench(6)
        bench.release(1, RolloutManifest(waves: [Bench.wave("three", limit: .count(3))]))
        let first = bench.letIn
        bench.pass(.seconds(10))
        bench.set(first.suffix(1), online: false)
        bench.succeed(first.prefix(2))
        bench.pass(.seconds(600))
        #expect(bench.openWaves == 1)
        bench.pass(.seconds(86_400))
        #expect(bench.openWaves == 1)
        #expect(bench.machine.state.current?.reason.contains("2 of 3 succeeded") == true)
        var patient = bench
        bench.command(.resume)
        #expect(bench.openWaves == 2)
        #expect(bench.refusals.isEmpty)
        // It comes back, and it was well all the time.
        patient.set(first.suffix(1), online: true)
        patient.succeed(first.suffix(1))
        #expect(patient.openWaves == 2)
    }

    @Test("silent devices count as no success, as many as the gate allows hold nobody up")
    func silentAndHeld() {
        for (success, opens) in [(100, false), (67, false), (66, true)] {
            var bench = Bench(8)
            bench.release(
                1,
                RolloutManifest(waves: [Bench.wave("four", limit: .count(4), success: success)]))
            let first = bench.letIn
            bench.succeed(first.prefix(2))
            bench.fleet[first[2]].isHeld = true
            bench.pass(.seconds(800))
            #expect(bench.openWaves == 1)
            bench.pass(.seconds(200))
            #expect(bench.openWaves == (opens ? 2 : 1), "\(success)%")
        }
    }

    @Test("an operator who went on without silent ones misses them again once they speak")
    func missedAgain() {
        var bench = Bench(8)
        bench.release(
            1,
            RolloutManifest(waves: [
                Bench.wave("two", limit: .count(2), soak: .seconds(600))
            ]))
        let first = bench.letIn
        bench.succeed(first.prefix(1))
        bench.command(.resume)
        #expect(bench.refusals.map(\.code) == [.notPaused])
        bench.pass(.seconds(1_000))
        bench.command(.resume)
        bench.pass(.seconds(300))
        #expect(bench.openWaves == 1)
        bench.tell(
            first[1],
            FleetDevice.Report(
                revision: Bench.revision(0), digest: Bench.digest(0), isConfirmed: true,
                received: bench.now))
        bench.pass(.seconds(86_400))
        #expect(bench.openWaves == 1)
        bench.succeed(first.suffix(1))
        bench.pass(.seconds(660))
        #expect(bench.openWaves == 2)
    }

    // MARK: Restarts

    @Test("a new process goes on from what was kept, at any moment, and repeats no opening")
    func restarts() throws {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        for _ in 0..<12 {
            try bench.restart()
            let (orders, decisions) = (bench.orders, bench.decisions)
            bench.step(.tick)
            bench.succeed(bench.letIn.prefix(5))
            // Nothing opens before the bus was listened to for a while.
            bench.pass(.seconds(60))
            #expect(bench.decisions == decisions || bench.standing == .complete)
            bench.step(.listening(true))
            #expect(bench.orders.dropFirst(orders.count).first == orders.last)
            bench.pass(.seconds(10))
            bench.succeed(bench.letIn)
        }
        #expect(bench.standing == .complete)
        #expect(bench.decisions.count { $0.kind == .opened } == 3)
        #expect(Set(bench.decisions.compactMap(\.wave)).count == 3)
    }

    @Test("nothing opens while the bus is not listened to, and soak begins anew afterwards")
    func deaf() {
        var bench = Bench(10)
        bench.release(
            1,
            RolloutManifest(waves: [Bench.wave("one", limit: .count(1), soak: .seconds(300))]))
        bench.succeed(bench.letIn)
        bench.pass(.seconds(200))
        bench.step(.listening(false))
        bench.pass(.seconds(600))
        #expect(bench.openWaves == 1)
        bench.step(.listening(true))
        bench.pass(.seconds(290))
        #expect(bench.openWaves == 1)
        bench.pass(.seconds(10))
        #expect(bench.openWaves == 2)
    }

    @Test("time that nobody looked at does not count as soak")
    func gap() {
        var bench = Bench(10)
        bench.release(
            1,
            RolloutManifest(waves: [Bench.wave("one", limit: .count(1), soak: .seconds(300))]))
        bench.succeed(bench.letIn)
        bench.now = bench.now + .seconds(3_600)
        bench.step(.tick)
        #expect(bench.openWaves == 1)
        bench.pass(.seconds(300))
        #expect(bench.openWaves == 2)
    }
}
