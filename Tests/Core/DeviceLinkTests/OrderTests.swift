import Digests
import FleetModel
import ReleaseTrust
import Signatures
import Testing
import WireMessages

@testable import DeviceLink

private let issued = at(1_700_000_000)

private func order(
    _ number: Int64, standing: Order.Standing = .rolling, isWhole: Bool = true,
    match: String = "", tip: Revision = revision("aa"), issued: Instant = issued,
    spread: Duration = .zero
) -> Order {
    Order(
        fleet: "harbour", channel: "main", id: "order-\(number)",
        sequence: issued.milliseconds + number,
        release: revision("aa"), tree: revision("bb"), tip: tip,
        salt: String(repeating: "0f", count: 16), standing: standing,
        openings: [
            Order.Opening(match: known(try? Selector(match)), below: 0, isWhole: isWhole)
        ],
        issued: issued, startBefore: issued + .seconds(900), expires: issued + .seconds(86_400),
        spread: spread, decision: nil)
}

extension [LinkEffect] {
    fileprivate var orders: [OpenOrder?] {
        compactMap { if case .orderChanged(let order) = $0 { .some(order) } else { nil } }
    }
    fileprivate var kept: [OrderMemory] {
        compactMap { if case .keepOrder(let memory) = $0 { memory } else { nil } }
    }
    fileprivate var wantsFetch: Bool { contains(.wantFetch) }
}

@Suite struct OrderTests {
    @Test("A believed order opens its release here until its time, and its sequence is the floor")
    func believed() throws {
        let bench = LinkBench()
        let wanted = bench.handle(.ordered(signed(order(5))))
        let open = try #require(wanted.orders.first ?? nil)
        #expect(open.isOpen)
        #expect(open.release == revision("aa"))
        #expect(open.startAt == bench.moment.monotonic)
        #expect(open.startBefore == bench.moment.monotonic + .seconds(900))
        #expect(
            wanted.kept.first?.floors[keys[1].publicKey]?.sequence == issued.milliseconds + 5)
        #expect(bench.handle(.ordered(signed(order(5, standing: .paused)))).orders.isEmpty)
        #expect(bench.handle(.ordered(signed(order(4, standing: .paused)))).orders.isEmpty)
        let paused = bench.handle(.ordered(signed(order(6, standing: .paused)))).orders
        #expect(paused.first??.isOpen == false)
    }

    @Test("A renewal changes nothing but its time, and is not written down each time")
    func renewal() {
        let bench = LinkBench()
        bench.handle(.ordered(signed(order(1, spread: .seconds(3_600)))))
        let first = bench.effects.orders.last ?? nil
        for number in 2...60 {
            bench.wait(.seconds(300))
            bench.handle(
                .ordered(
                    signed(
                        order(Int64(number), issued: bench.moment.wall, spread: .seconds(3_600)))))
        }
        let last = bench.effects.orders.last ?? nil
        #expect(last?.startAt == first?.startAt)
        #expect(last?.startBefore == bench.moment.monotonic + .seconds(900))
        #expect(bench.effects.kept.count == 1)
    }

    @Test("Labels that come later open a wave that matches them")
    func labels() {
        let bench = LinkBench()
        let closed = bench.handle(.ordered(signed(order(1, match: "ring=canary")))).orders
        #expect(closed.first??.isOpen == false)
        var state = report()
        state.labels = Labels(["ring": Label("canary", from: .deviceFile)])
        #expect(bench.handle(.reported(state)).orders.first??.isOpen == true)
    }

    @Test("What starts is judged by the clock, what stops is obeyed however late it is")
    func late() {
        let bench = LinkBench(wall: issued + .seconds(3_600))
        let open = bench.handle(.ordered(signed(order(1)))).orders.first ?? nil
        #expect(open.map { $0.startBefore < bench.moment.monotonic } == true)
        bench.handle(.ordered(signed(order(2, standing: .aborted))))
        #expect((bench.effects.orders.last ?? nil)?.isOpen == false)
        let veryLate = LinkBench(wall: issued + .seconds(90_000))
        veryLate.handle(.ordered(signed(order(1))))
        #expect(veryLate.effects.orders.isEmpty)
        veryLate.handle(.ordered(signed(order(2, standing: .aborted))))
        #expect((veryLate.effects.orders.last ?? nil)?.isOpen == false)
    }

    @Test("Without a believable clock the time since the order came decides")
    func noClock() {
        let bench = LinkBench(wall: at(1_000))
        let open = bench.handle(.ordered(signed(order(1)))).orders.first ?? nil
        #expect(open?.startBefore == bench.moment.monotonic + .seconds(900))
        let arrival = bench.moment.monotonic
        bench.wait(.seconds(300))
        #expect((bench.effects.orders.last ?? nil)?.startBefore == arrival + .seconds(900))
        // The clock is set, and says that the order is old.
        bench.moment.wall = issued + .seconds(5_000)
        bench.wait(.seconds(61))
        let later = bench.effects.orders.last ?? nil
        #expect(later.map { $0.startBefore < bench.moment.monotonic } == true)
    }

    @Test("After a boot without a clock an old order opens nothing until it comes again")
    func afterBoot() {
        let before = LinkBench()
        before.handle(.ordered(signed(order(1))))
        var memory = before.effects.kept[0]
        memory.newest?.arrival.boot = "an earlier one"
        let bench = LinkBench(order: memory, wall: at(1_000))
        #expect((bench.effects.orders.last ?? nil)?.isOpen == false)
        bench.handle(.ordered(signed(order(2))))
        #expect((bench.effects.orders.last ?? nil)?.isOpen == true)
        // With a clock the remembered one still counts.
        let sane = LinkBench(order: memory, wall: issued + .seconds(60))
        #expect((sane.effects.orders.last ?? nil)?.isOpen == true)
    }

    @Test("An unknown key makes the device look at Git: once for an order, and once a minute")
    func unknownKey() {
        let bench = LinkBench()
        #expect(bench.handle(.ordered(signed(order(1), by: 2))).wantsFetch)
        #expect(!bench.handle(.ordered(signed(order(1), by: 2))).wantsFetch)
        for number in 2...100 {
            #expect(!bench.handle(.ordered(signed(order(Int64(number)), by: 2))).wantsFetch)
        }
        #expect(bench.wait(.seconds(59)).filter { $0 == .wantFetch }.isEmpty)
        #expect(bench.wait(.seconds(600)).filter { $0 == .wantFetch }.count == 1)
        // Git had the key: what came before it is believed now.
        let wanted = bench.handle(.trusted(trust(keys: [1, 2])))
        #expect(wanted.orders.first??.isOpen == true)
        #expect(bench.orderSequence == issued.milliseconds + 100)
    }

    @Test("With a key go its order and its floor")
    func lostKey() {
        let bench = LinkBench()
        bench.handle(.ordered(signed(order(900))))
        let wanted = bench.handle(.trusted(trust(keys: [2])))
        #expect(wanted.orders == [nil])
        #expect(wanted.kept.last?.floors.byKey.isEmpty == true)
        bench.handle(.ordered(signed(order(1), by: 2)))
        #expect((bench.effects.orders.last ?? nil)?.isOpen == true)
    }

    @Test("An order that comes before trust is known is judged when it is")
    func early() {
        let bench = LinkBench(trusts: false)
        #expect(bench.handle(.ordered(signed(order(1)))).orders.isEmpty)
        #expect(bench.handle(.trusted(trust())).orders.first??.isOpen == true)
    }

    @Test("No order for two days, or a tip that Git does not give, is stale")
    func stale() {
        let bench = LinkBench()
        bench.handle(.reported(report()))
        bench.connect()
        #expect(bench.wait(.seconds(49 * 3_600)).states.last?.isStale == false)
        bench.handle(.ordered(signed(order(1, issued: bench.moment.wall))))
        #expect(bench.wait(.seconds(47 * 3_600)).states.allSatisfy { !$0.isStale })
        #expect(bench.wait(.seconds(2 * 3_600)).states.last?.isStale == true)
        bench.handle(.ordered(signed(order(2, issued: bench.moment.wall))))
        #expect(bench.effects.states.last?.isStale == false)
        bench.handle(.ordered(signed(order(3, tip: revision("cc"), issued: bench.moment.wall))))
        bench.wait(.seconds(300))
        #expect(bench.effects.states.last?.isStale == false)
        bench.wait(.seconds(400))
        #expect(bench.effects.states.last?.isStale == true)
        bench.handle(.trusted(trust(head: revision("cc"))))
        #expect(bench.effects.states.last?.isStale == false)
    }
}
