import Documents
import FleetModel
import JSONDocument
import ReleaseTrust
import Signatures
import WireMessages

@testable import DeviceLink

/// A link's machine with clocks that a test moves. What it wants is collected.
final class LinkBench {
    var machine: LinkMachine
    var moment: LinkMoment
    /// All that it ever wanted, in order.
    var effects: [LinkEffect] = []
    /// The disk takes no epoch.
    private let refusesEpochs: Bool

    var hasLeft: Bool { machine.hasLeft }
    var isUp: Bool { machine.isUp }
    var outbox: Outbox { machine.outbox }
    var problem: String? { machine.problem }
    var currentEpoch: Int64? { machine.currentEpoch }
    var orderSequence: Int64? { machine.orders.sequence }
    var subscriptions: [String] { machine.identity.subscriptions }

    static let channel = known(ChannelName("harbour/main"))
    static let topics = FleetTopics(base: "flotilla/harbour")

    init(
        epoch: Int64? = 1 << 16, outbox: Outbox = Outbox(), order: OrderMemory = OrderMemory(),
        address: String? = "192.0.2.1", wall: Instant = at(1_700_000_000), trusts: Bool = true,
        started: Instant = at(100), refusesEpochs: Bool = false
    ) {
        self.refusesEpochs = refusesEpochs
        moment = LinkMoment(monotonic: started, wall: wall)
        machine = LinkMachine(
            identity: LinkIdentity(device: device(), channel: Self.channel),
            pace: LinkPace(device: device()), address: address,
            memory: LinkMemory(epoch: epoch, outbox: outbox, order: order), boot: "boot",
            verifier: Self.verifier, now: moment.monotonic)
        if trusts { handle(.trusted(trust())) }
    }

    static let verifier = MessageVerifier(checking: LibcryptoSignatures()) {
        bytes throws(InvalidDocument) in
        try JSON.parse(bytes, file: "test")
    }

    @discardableResult
    func handle(_ input: LinkInput) -> [LinkEffect] {
        var wanted = machine.handle(input, at: moment)
        effects += wanted
        let isEpochRefused =
            refusesEpochs && wanted.contains { if case .keepEpoch = $0 { true } else { false } }
        if isEpochRefused { wanted += handle(.epochNotKept) }
        return wanted
    }

    /// Lets time go by, with a tick whenever the machine wants one.
    @discardableResult
    func wait(_ duration: Duration) -> [LinkEffect] {
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
    func connect() -> [LinkEffect] {
        wait(.seconds(2))
        return handle(.connected)
    }

    /// Lets time go by until it tries to connect.
    ///
    /// - Returns: how long that took.
    @discardableResult
    func waitForTry() -> Duration {
        let start = moment.monotonic
        for _ in 0..<1_000 {
            let wanted = wait(max(.zero, machine.wakeAt - moment.monotonic))
            if !wanted.connections.isEmpty { break }
        }
        return moment.monotonic - start
    }

    /// Ends the connection.
    @discardableResult
    func drop() -> [LinkEffect] {
        handle(.disconnected(reason: "gone", isRefusal: false))
    }

    func acknowledge(upto: Int64, epoch: Int64? = nil, knownEpoch: Int64 = 0) {
        handle(
            .acknowledged(
                signed(
                    Acknowledgement(
                        fleet: "harbour", channel: "main", device: device(),
                        epoch: epoch ?? machine.outbox.origin ?? 0, upto: upto,
                        knownEpoch: knownEpoch, issued: moment.wall))))
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
