import Documents
import FleetModel
import ReleaseTrust
import Signatures
import Testing
import WireMessages

@Suite struct OrderJudgeTests {
    private let key = SigningKey.generate()
    private let now = Instant(seconds: 1_800_000_000)
    private let options = #"aggregator@harbour namespaces="flotilla-order,flotilla-ack""#

    private func order(_ standing: Order.Standing = .rolling, issuedAgo: Duration = .zero) throws
        -> Order
    {
        var messages = RandomMessages(seed: 38)
        var order = try messages.order()
        (order.fleet, order.channel, order.standing) = ("harbour", "main", standing)
        order.issued = now + (.zero - issuedAgo)
        order.sequence = order.issued.milliseconds
        order.startBefore = order.issued + .seconds(900)
        order.expires = order.issued + .seconds(86_400)
        return order
    }

    private func judge(
        _ message: SignedMessage, _ floors: OrderFloors = OrderFloors(),
        trusting: AllowedSigners? = nil, at time: Instant? = nil
    ) throws -> BelievedOrder {
        let judge = OrderJudge(channel: try channel(), verifier: verifier)
        return try judge.judge(
            message, signers: try trusting ?? signers((options, key)), floors: floors,
            at: time ?? now)
    }

    @Test("an order of the aggregator is believed, with the time that is left for starting")
    func good() throws {
        let order = try order(issuedAgo: .seconds(300))
        let believed = try judge(signed(order, by: key))
        #expect(believed.order == order)
        #expect(believed.signer.principal == "aggregator@harbour")
        #expect(believed.startsFor == .seconds(600))
        #expect(!believed.isRepeated)
        // A device whose known time is far behind counts from the order's own time.
        let behind = try judge(signed(order, by: key), at: order.issued + .seconds(-3_600))
        #expect(behind.startsFor == .seconds(900))
    }

    @Test("a stranger's, a tampered, another namespace's and another channel's order is refused")
    func strangers() throws {
        let stranger = SigningKey.generate()
        let order = try order()
        #expect(refusal { try judge(signed(order, by: stranger)) } == .unknownKey)
        var tampered = signed(order, by: key)
        tampered.payload[tampered.payload.count / 2] ^= 1
        #expect(refusal { try judge(tampered) } == .tampered)
        let ack = signed(order, by: key, namespace: "flotilla-ack")
        #expect(refusal { try judge(ack) } == .wrongNamespace)
        let gitOnly = try signers((#"aggregator@harbour namespaces="git""#, key))
        #expect(refusal { try judge(signed(order, by: key), trusting: gitOnly) } == .unknownKey)
        for change: (inout Order) -> Void in [{ $0.fleet = "other" }, { $0.channel = "other" }] {
            var elsewhere = order
            change(&elsewhere)
            #expect(refusal { try judge(signed(elsewhere, by: key)) } == .notForUs)
        }
        var message = signed(order, by: key)
        message.signature = Array("-----BEGIN".utf8)
        #expect(refusal { try judge(message) } == .malformed)
        var messages = RandomMessages(seed: 39)
        let other = messages.command()
        let disguised = SignedMessage(other) { bytes, _ in
            key.sign(bytes, namespace: "flotilla-order")
        }
        #expect(refusal { try judge(disguised) } == .malformed)
    }

    @Test(
        "an older order is refused, the same one again is believed, another with its number is not")
    func replays() throws {
        var floors = OrderFloors()
        var order = try order()
        let first = try judge(signed(order, by: key))
        floors.raise(by: first)
        #expect(try judge(signed(order, by: key), floors).isRepeated)
        let kept = try OrderFloors(reading: node(floors.json))
        #expect(kept == floors)

        var other = order
        other.standing = .complete
        #expect(refusal { try judge(signed(other, by: key), floors) } == .replayed)
        order.sequence -= 1
        #expect(refusal { try judge(signed(order, by: key), floors) } == .replayed)
        order.sequence += 2
        #expect(try !judge(signed(order, by: key), floors).isRepeated)

        // Another key counts for itself, and a key that is gone is forgotten.
        let next = SigningKey.generate()
        order.sequence -= 1_000
        let both = try signers((options, key), ("new namespaces=\"flotilla-order\"", next))
        floors.raise(by: try judge(signed(order, by: next), floors, trusting: both))
        #expect(floors.byKey.count == 2)
        floors.keep(only: try signers(("new", next)))
        #expect(floors.byKey.count == 1 && floors[key.publicKey] == nil)
    }

    @Test("an order more than a day ahead of known time is refused, by its time or its sequence")
    func ahead() throws {
        var order = try order(issuedAgo: .seconds(-86_401))
        #expect(refusal { try judge(signed(order, by: key)) } == .tooFarAhead)
        order = try self.order(issuedAgo: .seconds(-86_300))
        #expect(try judge(signed(order, by: key)).startsFor == .seconds(900))
        order = try self.order()
        order.sequence = (now + .seconds(86_401)).milliseconds
        #expect(refusal { try judge(signed(order, by: key)) } == .tooFarAhead)
    }

    @Test("what stops is obeyed even when late, what starts never")
    func late() throws {
        for standing in Order.Standing.allCases {
            let order = try order(standing, issuedAgo: .seconds(7_200))
            let believed = try judge(signed(order, by: key))
            #expect(believed.startsFor == .zero)
            let old = try self.order(standing, issuedAgo: .seconds(10 * 86_400))
            let code = refusal { try judge(signed(old, by: key)) }
            #expect(code == (standing.starts ? .expired : nil), "\(standing)")
        }
    }

    @Test("a key counts when its order was issued and now")
    func validity() throws {
        let message = signed(try order(), by: key)
        let day = { (text: String) in try signers(("a valid-\(text)", key)) }
        // 2027-01-15 08:00 UTC.
        #expect(
            refusal { try judge(message, trusting: day("before=\"20270115070000Z\"")) }
                == .keyNotValidAtThatTime)
        #expect(refusal { try judge(message, trusting: day("before=\"20270115090000Z\"")) } == nil)
        #expect(
            refusal { try judge(message, trusting: day("after=\"20270115090000Z\"")) }
                == .keyNotValidAtThatTime)
        // Known time is before the key's first day, and the order is not.
        #expect(
            refusal {
                try judge(
                    message, trusting: day("after=\"20270115070000Z\""), at: now + .seconds(-7_200))
            } == nil)
    }
}
