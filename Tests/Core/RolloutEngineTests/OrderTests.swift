import Digests
import Documents
import FleetModel
import JSONDocument
import RolloutEngine
import Testing
import WireMessages

/// When devices are told what, and the log of what was decided.
@Suite struct OrderTests {
    @Test("an order says what it opens, until when it starts, and from which decision it came")
    func content() throws {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        let order = try #require(bench.orders.last)
        #expect(order.fleet == "harbour" && order.channel == "main")
        #expect(order.release == Bench.revision(1) && order.tree == Bench.revision(1_001))
        #expect(order.tip == Bench.revision(1) && order.salt == Bench.salt)
        #expect(order.standing == .rolling)
        #expect(order.startBefore == order.issued + .seconds(900))
        #expect(order.expires > order.startBefore)
        #expect(order.decision == bench.decisions.last?.digest)
        #expect(order.sequence == bench.now.nanoseconds / 1_000_000)
        #expect(order.openings.map(\.match.description) == ["ring=canary"])
    }

    @Test("the sequence rises even where the clock stands still or goes back")
    func sequence() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.command(.pause)
        bench.now = Instant(seconds: 1_000)
        bench.command(.resume)
        bench.command(.pause)
        let sequences = bench.orders.map(\.sequence)
        #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test("orders are renewed every five minutes while somebody has to move, else twice a day")
    func renewal() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        func published(in duration: Duration, _ bench: inout Bench) -> Int {
            let before = bench.orders.count
            bench.pass(duration)
            return bench.orders.count - before
        }
        #expect(published(in: .seconds(299), &bench) == 0)
        #expect(published(in: .seconds(600), &bench) == 2)
        // The canary is silent now.
        #expect(published(in: .seconds(11 * 3_600), &bench) == 0)
        #expect(published(in: .seconds(86_400), &bench) == 2)
        bench.command(.pause)
        #expect(published(in: .seconds(11 * 3_600), &bench) == 0)
        #expect(published(in: .seconds(2 * 3_600), &bench) == 1)
        #expect(bench.orders.last?.standing == .paused)
        let openings = bench.decisions.count { $0.kind == .opened }
        #expect(openings == 1)
    }

    @Test("a silent device that connects anew may have missed the last order, so it gets another")
    func silentComesBack() {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.pass(.seconds(3_600))
        #expect(bench.standing(of: 0) == .silent)
        let orders = bench.orders.count
        bench.pass(.seconds(60))
        #expect(bench.orders.count == orders)
        // It was away for a moment only: still silent, but in a new session.
        bench.fleet[0].presenceSince = bench.now
        bench.step(.tick)
        #expect(bench.standing(of: 0) == .silent)
        #expect(bench.orders.count == orders + 1)
        bench.pass(.seconds(600))
        #expect(bench.orders.count == orders + 1)
    }

    @Test("when everything is open, one opening says so, and devices named first need no line")
    func openings() {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        while bench.standing == .rolling { bench.succeed(bench.letIn) }
        #expect(bench.orders.last?.openings.map(\.isWhole) == [true])
        #expect(bench.orders.last?.openings.first?.match == .everyDevice)
    }

    @Test("each decision holds the counts that it was made from, and the digest of the one before")
    func chain() {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        bench.succeed([0])
        bench.command(.pause, reason: "lunch")
        bench.command(.resume)
        let decisions = bench.decisions
        #expect(decisions.map(\.number) == Array(1...Int64(decisions.count)))
        #expect(decisions.first?.previous == nil)
        for (earlier, later) in zip(decisions, decisions.dropFirst()) {
            #expect(later.previous == earlier.digest)
        }
        #expect(decisions[2].wave == "half")
        #expect(decisions[2].counts == ["succeeded": 1, "waiting": 9])
        #expect(bench.machine.state.decisionHead == decisions.last?.digest)
    }

    @Test("the same inputs give the same decisions and orders")
    func replay() {
        func run() -> Bench {
            var bench = Bench(30)
            bench.release(1, threeWaves)
            bench.succeed([0])
            bench.end(bench.letIn.suffix(1), as: .failed)
            bench.release(2, threeWaves)
            bench.pass(.seconds(4_000))
            return bench
        }
        let (first, second) = (run(), run())
        #expect(first.decisions == second.decisions)
        #expect(first.orders == second.orders)
    }

    @Test("a decision that somebody changed in the store is found")
    func tampered() throws {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        let text = bench.machine.state.json.canonical
        _ = try RolloutState(reading: JSON.parse(Array(text.utf8), file: "s"), file: "s")
        let forged = text.split(separator: "to 1 device more").joined(
            separator: "to 9 devices more")
        #expect(forged != text)
        let error = #expect(throws: InvalidDocument.self) {
            try RolloutState(reading: JSON.parse(Array(forged.utf8), file: "s"), file: "s")
        }
        #expect(error?.diagnostics.first?.message.contains("digest") == true)
    }

    @Test("a state that lacks anything is refused, not guessed")
    func damaged() throws {
        var bench = Bench(4)
        bench.release(1, threeWaves)
        bench.succeed([0])
        bench.release(2, threeWaves)
        guard case .object(let members) = bench.machine.state.json else { return }
        for key in ["format", "channel", "lastSequence", "decisions", "past"] {
            var members = members
            members[key] = nil
            let text = JSONValue.object(members).canonical
            #expect(throws: InvalidDocument.self, "\(key)") {
                try RolloutState(reading: JSON.parse(Array(text.utf8), file: "s"), file: "s")
            }
        }
    }

    @Test("a large fleet costs little in each step", .timeLimit(.minutes(1)))
    func large() {
        var bench = Bench(20_000)
        bench.release(1, RolloutManifest(waves: [Bench.wave("ten", limit: .percent(10))]))
        #expect(bench.letIn.count == 2_000)
        bench.succeed(bench.letIn)
        #expect(bench.openWaves == 2)
        #expect(bench.report.counts.total == 20_000)
    }

    @Test("what the API tells of a rollout holds its waves and their counts")
    func json() {
        var bench = Bench(10)
        bench.release(1, threeWaves)
        bench.succeed([0])
        let report = bench.report
        #expect(report.waves.map(\.devices) == [1, 4, 5])
        #expect(report.waves.map(\.state) == [.done, .open, .waiting])
        #expect(
            report.waves.map { $0.counts.byWord } == [
                ["succeeded": 1], ["moving": 4], ["waiting": 5],
            ])
        #expect(report.waveName(of: report.places[0]) == "canary")
        let members = report.json(of: bench.machine.state)
        guard case .object(let current)? = members["current"] else {
            Issue.record("there is no rollout")
            return
        }
        #expect(current["standing"] == "rolling" && current["affected"] == 10)
        #expect(current["queued"] == .null && members["past"] == [])
    }
}
