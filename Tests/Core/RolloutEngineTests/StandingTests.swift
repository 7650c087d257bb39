import FleetModel
import RolloutEngine
import Testing
import WireMessages

/// The one function from what is known of a device to its standing.
@Suite struct StandingTests {
    /// One device, whose wave opened.
    private func opened() -> Bench {
        var bench = Bench(2)
        bench.release(1, threeWaves)
        return bench
    }

    @Test(
        "success is only what was said after the wave opened, of exactly this release and content")
    func verifiedSuccess() {
        let bench = opened()
        let order = bench.orders.last?.sequence
        func standing(
            revision: Revision = Bench.revision(1), digest: Int = 1, confirmed: Bool = true,
            order: Int64?
        ) -> DeviceStanding {
            var bench = bench
            bench.fleet[0].report = FleetDevice.Report(
                revision: revision, digest: Bench.digest(digest), isConfirmed: confirmed,
                received: bench.now, order: order)
            return bench.standing(of: 0)
        }
        #expect(standing(order: order) == .succeeded)
        #expect(standing(order: nil) == .unchanged)
        #expect(standing(order: order.map { $0 - 1 }) == .unchanged)
        #expect(standing(revision: Bench.revision(0), order: order) == .unchanged)
        #expect(standing(digest: 0, order: order) == .moving)
        #expect(standing(confirmed: false, order: order) == .moving)
    }

    @Test("an outcome counts like a report, and a wrong digest in it does not")
    func verifiedOutcome() {
        let bench = opened()
        func standing(
            _ kind: ReleaseOutcome.Kind = .confirmed, digest: Int = 1, isEarly: Bool = false,
            received: Duration = .zero
        ) -> DeviceStanding {
            var bench = bench
            bench.outcomes[Bench.revision(1)] = [
                Bench.id(0): ReleaseOutcome(
                    kind: kind, digest: Bench.digest(digest), received: bench.now + received,
                    order: bench.machine.state.lastSequence - (isEarly ? 1 : 0))
            ]
            return bench.standing(of: 0)
        }
        #expect(standing() == .succeeded)
        #expect(standing(isEarly: true) == .unchanged)
        // What two clocks say of it does not matter.
        #expect(standing(received: .seconds(-3_600)) == .succeeded)
        #expect(standing(isEarly: true, received: .seconds(3_600)) == .unchanged)
        #expect(standing(digest: 2) == .moving)
        #expect(standing(.failed) == .failed)
        #expect(standing(.rolledBack) == .rolledBack)
        #expect(standing(.rejected) == .rejected)
        #expect(standing(.lostLink) == .lostLink)
        #expect(standing(.needsAgent) == .needsAgent)
        // What failed is a failure whenever it was heard.
        #expect(standing(.failed, isEarly: true) == .failed)
    }

    @Test("a later state overrules an outcome")
    func overruled() {
        var bench = opened()
        bench.succeed([0])
        #expect(bench.standing(of: 0) == .succeeded)
        bench.now = bench.now + .seconds(5)
        bench.tell(
            0,
            FleetDevice.Report(
                revision: Bench.revision(1), digest: Bench.digest(7), isConfirmed: true,
                received: bench.now))
        #expect(bench.standing(of: 0) == .moving)

        bench = opened()
        bench.end([0], as: .rolledBack)
        #expect(bench.standing(of: 0) == .rolledBack)
        bench.now = bench.now + .seconds(5)
        bench.tell(
            0,
            FleetDevice.Report(
                revision: Bench.revision(1), digest: Bench.digest(1), isConfirmed: true,
                received: bench.now, order: bench.orders.last?.sequence))
        #expect(bench.standing(of: 0) == .succeeded)
    }

    @Test("a device without a word for too long is silent, and one that comes back has time again")
    func silent() {
        var bench = opened()
        bench.pass(.seconds(899))
        #expect(bench.standing(of: 0) == .moving)
        bench.pass(.seconds(1))
        #expect(bench.standing(of: 0) == .silent)
        bench.set([0], online: false)
        #expect(bench.standing(of: 0) == .offline)
        bench.set([0], online: true)
        #expect(bench.standing(of: 0) == .moving)
    }

    @Test("offline and held devices are counted as such, unless they came to an outcome")
    func away() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.fleet[1].isOnline = false
        bench.fleet[2].isHeld = true
        #expect(bench.counts == ["moving": 1, "offline": 1, "held": 1, "waiting": 1])
        bench.succeed([0])
        bench.fleet[0].isOnline = false
        #expect(bench.standing(of: 0) == .succeeded)
    }

    @Test("what the release is not for, or can't be resolved for, has a counter of its own")
    func expectations() {
        var bench = Bench(6)
        let revision = Bench.revision(1)
        for (index, expectation) in [
            Expectation.notApplicable, .needsAgent, .rejected, .digest(Bench.digest(0)),
            .digest(Bench.digest(1)),
        ].enumerated() {
            bench.expect(expectation, of: index, under: revision)
        }
        bench.step(.released(Bench.release(1, threeWaves)))
        #expect(
            (0..<6).map { bench.standing(of: $0) } == [
                .notApplicable, .needsAgent, .rejected, .unchanged, .waiting, .waiting,
            ])
        #expect(bench.report.affected == 1)
    }

    @Test("nothing opens while nobody knows what a device should have, or before one was heard")
    func unresolved() {
        var bench = Bench(3)
        bench.expect(.digest(Bench.digest(1)), of: 0, under: Bench.revision(1))
        bench.step(.released(Bench.release(1, threeWaves)))
        bench.pass(.seconds(60))
        #expect(bench.openWaves == 0)
        for index in 1..<3 {
            bench.expect(.digest(Bench.digest(1)), of: index, under: Bench.revision(1))
        }
        bench.step(.tick)
        #expect(bench.openWaves == 1)

        bench = Bench(0)
        bench.release(1, threeWaves)
        bench.pass(.seconds(60))
        #expect(bench.openWaves == 0 && bench.standing == .rolling)
    }

    @Test("the counters add up to the devices known, whatever becomes of them")
    func addUp() {
        var bench = Bench(40)
        bench.release(1, threeWaves, unaffected: [7, 8])
        for index in 0..<40 {
            switch index % 8 {
            case 0: bench.fleet[index].isOnline = false
            case 1: bench.fleet[index].isHeld = true
            case 2: bench.end([index], as: ReleaseOutcome.Kind.allCases[index % 7])
            case 3: bench.succeed([index])
            case 4: bench.fleet[index].report = nil
            default: bench.pass(.seconds(60))
            }
            #expect(bench.report.counts.total == 40)
            #expect(bench.report.places.count == 40)
        }
    }
}
