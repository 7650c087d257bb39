import Digests
import FleetModel
import TestSupport
import Testing
import WireMessages

@Suite struct FleetTopicsTests {
    private let topics = FleetTopics(fleet: "harbour")

    @Test("topics are what the design says, and lead back to their place")
    func places() throws {
        let id = try #require(DeviceID("gateway-berlin-1"))
        #expect(FleetTopics.shard(of: id) == "d2")
        #expect(topics.presence(id) == "flotilla/harbour/d2/devices/gateway-berlin-1/presence")
        for leaf in DeviceLeaf.allCases {
            #expect(topics.place(of: topics.topic(leaf, of: id)) == .device(id, leaf))
        }
        #expect(topics.order(channel: "main") == "flotilla/harbour/channels/main/order")
        #expect(topics.place(of: topics.order(channel: "main")) == .order(channel: "main"))
        #expect(topics.place(of: topics.aggregatorStatus("1")) == .aggregatorStatus("1"))
        #expect(topics.deviceFilters.contains("flotilla/harbour/+/devices/+/events"))
    }

    @Test("a topic of another fleet, shard or shape is none of ours")
    func strangers() {
        for text in [
            "", "flotilla", "flotilla/harbour", "flotilla/harbour/",
            "flotilla/other/channels/main/order",
            "flotilla/harbour/d3/devices/gateway-berlin-1/state",
            "flotilla/harbour/D2/devices/gateway-berlin-1/state",
            "flotilla/harbour/d2/devices/gateway-berlin-1/nonsense",
            "flotilla/harbour/d2/devices/gateway-berlin-1/state/more",
            "flotilla/harbour/d2/devices/Gateway-Berlin-1/state",
            "flotilla/harbour/d2/devices//state", "flotilla/harbour/channels//order",
            "flotilla/harbour/channels/ma+in/order", "flotilla/harbourx/channels/main/order",
            "flotilla/harbour/channels/main/" + "o".repeated(70_000),
        ] {
            #expect(topics.place(of: text) == nil, "\(text)")
        }
    }

    @Test("a base has levels without wildcards")
    func bases() {
        for good in ["flotilla/harbour", "a", "site-1/edge/x"] {
            #expect(FleetTopics.isBase(good))
        }
        for bad in ["", "/a", "a/", "a//b", "a/+/b", "a/#", "$SYS/a", "a b", "a\n", "ü"] {
            #expect(!FleetTopics.isBase(bad), "\(bad)")
        }
    }

    @Test(
        "positions are spread evenly, differ from release to release, and are the documented hash")
    func positions() throws {
        var messages = RandomMessages(seed: 36)
        let (tree, other) = (messages.object(), messages.object())
        let salt = messages.hexadecimal(32)
        let ids = try (0..<4_000).map { try #require(DeviceID("device-\($0)")) }
        let positions = ids.map { Order.position(of: $0, tree: tree, salt: salt) }
        #expect(Set(positions).count == ids.count)
        let lower = positions.filter { $0 < UInt64.max / 4 }.count
        #expect((900...1_100).contains(lower))
        let others = ids.map { Order.position(of: $0, tree: other, salt: salt) }
        let both = zip(positions, others).filter { $0 < .max / 4 && $1 < .max / 4 }.count
        #expect((180...320).contains(both))
        let text = "device-0\0\(tree)\0\(salt)"
        #expect(Hex.encode(SHA256.hash(text.utf8).bytes.prefix(8)) == hexadecimal(positions[0]))
    }

    private func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return "0".repeated(16 - digits.utf8.count) + digits
    }

    @Test("an order opens to exactly the devices below its thresholds, and spreads their starts")
    func openings() throws {
        var messages = RandomMessages(seed: 37)
        var order = try messages.order()
        order.standing = .rolling
        order.spread = .seconds(60)
        let ids = try (0..<1_000).map { try #require(DeviceID("device-\($0)")) }
        let sorted = ids.map { order.position(of: $0) }.sorted()
        let gateways = Labels(["role": Label("gateway", from: .local)])
        order.openings = [.init(match: try Selector("role=gateway"), below: sorted[137])]
        #expect(ids.filter { order.opens(to: $0, labels: gateways) }.count == 137)
        #expect(ids.allSatisfy { !order.opens(to: $0, labels: Labels()) })
        order.openings.append(.init(match: try Selector(""), below: 0, isWhole: true))
        #expect(ids.allSatisfy { order.opens(to: $0, labels: Labels()) })
        for standing in [Order.Standing.paused, .halted, .aborted] {
            order.standing = standing
            #expect(!order.opens(to: ids[0], labels: gateways))
            #expect(order.includes(ids[0], labels: gateways))
        }
        let delays = ids.map { order.startDelay(of: $0) }
        #expect(delays.allSatisfy { $0 >= .zero && $0 < order.spread })
        #expect(delays.filter { $0 < .seconds(15) }.count > 180)
        order.spread = .zero
        #expect(order.startDelay(of: ids[0]) == .zero)
    }
}
