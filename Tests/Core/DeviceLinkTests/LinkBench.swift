import Documents
import FleetModel
import JSONDocument
import ReleaseTrust
import WireMessages

@testable import DeviceLink

/// A link's machine with clocks that a test moves. What it wants is collected.
struct LinkBench {
    var machine: LinkMachine
    var moment: LinkMoment
    /// All that it ever wanted, in order.
    var effects: [LinkEffect] = []

    static let channel = ChannelName("harbour/main")!
    static let topics = FleetTopics(base: "flotilla/harbour")

    init(
        epoch: Int64? = 1 << 16, outbox: Outbox = Outbox(), order: OrderMemory = OrderMemory(),
        address: String? = "192.0.2.1", wall: Instant = at(1_700_000_000), trusts: Bool = true
    ) {
        moment = LinkMoment(monotonic: at(100), wall: wall)
        machine = LinkMachine(
            identity: LinkIdentity(device: device(), channel: Self.channel),
            pace: LinkPace(device: device()), address: address,
            memory: LinkMemory(epoch: epoch, outbox: outbox, order: order), boot: "boot",
            judge: Self.judge, now: moment.monotonic)
        if trusts { handle(.trusted(trust())) }
    }

    /// Believes who says that he is whom trust knows.
    static let judge = MessageJudge(
        order: { message, circumstances in
            let key = String(decoding: message.signature, as: UTF8.self)
            guard circumstances.signers.signers.contains(where: { $0.key.text == key }) else {
                return .unknownKey
            }
            guard let node = try? parse(message.payload),
                let order = try? Order(reading: node)
            else { return .refused("malformed") }
            guard order.sequence > circumstances.floors[key] ?? 0 else { return .known }
            return .believed(order, key: key)
        },
        acknowledgement: { message, _ in
            guard message.signature.elementsEqual("good".utf8),
                let node = try? parse(message.payload)
            else { return nil }
            return try? Acknowledgement(reading: node)
        })

    @discardableResult
    mutating func handle(_ input: LinkInput) -> [LinkEffect] {
        let wanted = machine.handle(input, at: moment)
        effects += wanted
        return wanted
    }

    /// Lets time go by, with a tick whenever the machine wants one.
    @discardableResult
    mutating func wait(_ duration: Duration) -> [LinkEffect] {
        let end = moment.monotonic + duration
        var wanted: [LinkEffect] = []
        var ticks = 0
        while ticks < 10_000 {
            let next = max(moment.monotonic, min(machine.wakeAt, end))
            moment.wall = moment.wall + (next - moment.monotonic)
            moment.monotonic = next
            wanted += handle(.tick)
            ticks += 1
            if machine.wakeAt > end { break }
        }
        moment.wall = moment.wall + (end - moment.monotonic)
        moment.monotonic = end
        return wanted
    }

    /// Connects it, as a broker does that is well.
    @discardableResult
    mutating func connect() -> [LinkEffect] {
        wait(.seconds(2))
        return handle(.connected)
    }

    /// Lets time go by until it tries to connect.
    ///
    /// - Returns: how long that took.
    @discardableResult
    mutating func waitForTry() -> Duration {
        let start = moment.monotonic
        for _ in 0..<1_000 {
            let wanted = wait(max(.zero, machine.wakeAt - moment.monotonic))
            if !wanted.connections.isEmpty { break }
        }
        return moment.monotonic - start
    }

    /// Ends the connection.
    @discardableResult
    mutating func drop() -> [LinkEffect] {
        handle(.disconnected(reason: "gone", isRefusal: false))
    }

    mutating func acknowledge(upto: Int64, epoch: Int64? = nil, knownEpoch: Int64 = 0) {
        handle(
            .acknowledged(
                Self.signed(
                    Acknowledgement(
                        fleet: "harbour", channel: "main", device: device(),
                        epoch: epoch ?? machine.outbox.origin ?? 0, upto: upto,
                        knownEpoch: knownEpoch, issued: moment.wall
                    ).json, by: "good")))
    }

    static func signed(_ json: JSONValue, by signature: String) -> SignedMessage {
        SignedMessage(
            payload: Array(json.canonical.utf8), signature: Array(signature.utf8),
            certificate: nil)
    }
}

extension [LinkEffect] {
    var told: [LinkMessageContent] {
        compactMap { if case .tell(let content) = $0 { content } else { nil } }
    }
    var batches: [EventBatch] {
        told.compactMap { if case .events(let batch) = $0 { batch } else { nil } }
    }
    var states: [ReportedState] {
        told.compactMap { if case .state(let state) = $0 { state } else { nil } }
    }
    var presences: [Presence] {
        told.compactMap { if case .presence(let presence) = $0 { presence } else { nil } }
    }
    var connections: [(address: String, will: Presence?)] {
        compactMap {
            if case .connect(let address, let will) = $0 { (address, will) } else { nil }
        }
    }
}
