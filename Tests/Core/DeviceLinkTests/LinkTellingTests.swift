import FleetModel
import ReleaseTrust
import TestSupport
import Testing
import WireMessages

@testable import DeviceLink

func report(phase: String = "idle", generation: Int = 1, problem: String? = nil) -> ReportedState {
    var state = ReportedState(
        fleet: "harbour", channel: "main", device: device(), epoch: 0, sequence: 0, at: at(0),
        agent: "0.2.0")
    state.phase = phase
    state.generation = generation
    state.confirmed = true
    state.problem = problem
    return state
}

@Suite struct LinkTellingTests {
    private func connected() -> LinkBench {
        let bench = LinkBench()
        bench.handle(.reported(report()))
        bench.connect()
        return bench
    }

    @Test("A change is told at once, the same again not, and nothing but the phase a little later")
    func states() {
        let bench = connected()
        #expect(bench.effects.states.map(\.sequence) == [1])
        #expect(bench.handle(.reported(report())).states.isEmpty)
        let change = bench.handle(.reported(report(generation: 2))).states
        #expect(change.map(\.generation) == [2])
        #expect(change.map(\.sequence) == [2])
        #expect(bench.handle(.reported(report(phase: "fetching", generation: 2))).states.isEmpty)
        #expect(bench.wait(.seconds(2)).states.map(\.phase) == ["fetching"])
        // A phase that was over before it was told is never told.
        bench.handle(.reported(report(phase: "staging", generation: 2)))
        bench.handle(.reported(report(phase: "fetching", generation: 2)))
        #expect(bench.wait(.seconds(3_600)).states.isEmpty)
    }

    @Test("The steps of a move are told together, after a moment, and its end at once")
    func moves() {
        let bench = connected()
        var step = report(phase: "applying", problem: "under way (flipping)")
        step.confirmed = false
        #expect(bench.handle(.reported(step)).states.isEmpty)
        step.problem = "under way (settling)"
        step.generation = 2
        #expect(bench.handle(.reported(step)).states.isEmpty)
        #expect(bench.wait(.seconds(2)).states.map(\.problem) == ["under way (settling)"])
        let end = bench.handle(.reported(report(generation: 2))).states
        #expect(end.map(\.confirmed) == [true])
        // What was over before it was told is never told.
        #expect(bench.handle(.reported(step)).states.isEmpty)
        bench.handle(.reported(report(generation: 2)))
        #expect(bench.wait(.seconds(3_600)).states.isEmpty)
    }

    @Test("The state is told again every six hours or a little more, though nothing happens")
    func heartbeat() {
        let bench = connected()
        let states = bench.wait(.seconds(24 * 3_600)).states
        #expect(states.count == 3 || states.count == 4)
    }

    @Test("Very many changes become few messages, and the last one is told")
    func manyChanges() {
        let bench = connected()
        for number in 0..<3_600 {
            bench.handle(.reported(report(problem: "\(number)")))
            bench.wait(.seconds(1))
        }
        let states = bench.effects.states
        #expect(states.count < 400)
        #expect(bench.wait(.seconds(20)).states.last?.problem ?? states.last?.problem == "3599")
    }

    @Test("Events wait for the acknowledgement of those before them, and are told again without it")
    func events() {
        let bench = connected()
        #expect(bench.handle(.happened([event(1)])).batches.count == 1)
        #expect(bench.handle(.happened([event(2)])).batches.isEmpty)
        bench.acknowledge(upto: 1)
        #expect(bench.effects.batches.last?.events.map(\.sequence) == [2])
        bench.wait(.seconds(60))
        let again = bench.effects.batches
        #expect(again.count >= 3)
        #expect(again.last?.events.map(\.sequence) == [2])
        bench.acknowledge(upto: 2)
        #expect(bench.wait(.seconds(3_600)).batches.isEmpty)
        #expect(bench.outbox.isEmpty)
    }

    @Test("An aggregator that is away costs little")
    func silence() {
        let bench = connected()
        bench.handle(.happened([event(1)]))
        #expect(bench.wait(.seconds(24 * 3_600)).batches.count < 250)
    }

    @Test("A new event does not wait long where the one before it is not acknowledged")
    func newEvent() {
        let bench = connected()
        bench.handle(.happened([event(1)]))
        bench.handle(.happened([event(2)]))
        #expect(bench.wait(.seconds(3)).batches.last?.events.map(\.sequence) == [1, 2])
    }

    @Test("An acknowledgement that nobody signed empties nothing")
    func forged() {
        let bench = connected()
        bench.handle(.happened([event(1)]))
        let forged = Acknowledgement(
            fleet: "harbour", channel: "main", device: device(),
            epoch: bench.outbox.origin ?? 0, upto: 1, knownEpoch: 0,
            issued: bench.moment.wall)
        bench.handle(.acknowledged(signed(forged, by: 2)))
        var other = forged
        other.device = device("gw-2")
        bench.handle(.acknowledged(signed(other)))
        #expect(bench.outbox.count == 1)
        bench.handle(.acknowledged(signed(forged)))
        #expect(bench.outbox.isEmpty)
    }

    @Test("Whatever is lost on the way, every event arrives, in order")
    func randomSequences() {
        for seed in 0..<100 {
            var random = SeededGenerator(seed: UInt64(seed))
            let bench = LinkBench(outbox: Outbox(limit: 200_000))
            var heard: [Int64: Set<Int64>] = [:]
            var committed: Int64 = 0
            var next: Int64 = 0
            var seen = 0
            /// The aggregator hears what the broker did not lose.
            func deliver(losing odds: Int) {
                for batch in bench.effects.batches.dropFirst(seen)
                where Int.random(in: 0..<100, using: &random) >= odds {
                    heard[batch.epoch, default: []].formUnion(batch.events.map(\.sequence))
                    let last = batch.events.last?.sequence ?? 0
                    // Never is a sequence acknowledged whose elders were not heard.
                    let isWhole = (1...last).allSatisfy { heard[batch.epoch]?.contains($0) == true }
                    #expect(isWhole, "seed \(seed)")
                    committed = max(committed, last)
                }
                seen = bench.effects.batches.count
            }
            for _ in 0..<150 {
                switch Int.random(in: 0..<8, using: &random) {
                case 0: bench.drop()
                case 1: bench.handle(.connected)
                case 2, 3, 4:
                    next += 1
                    bench.handle(.happened([event(next)]))
                case 5:
                    deliver(losing: 50)
                    if Bool.random(using: &random) { bench.acknowledge(upto: committed) }
                default: bench.wait(.seconds(.random(in: 0...60, using: &random)))
                }
            }
            for _ in 0..<40 {
                bench.handle(.connected)
                deliver(losing: 0)
                bench.acknowledge(upto: committed)
                bench.wait(.seconds(900))
            }
            #expect(bench.outbox.isEmpty, "seed \(seed)")
            #expect(committed == next, "seed \(seed)")
        }
    }
}
