package import DeviceLink
internal import DeviceRecords
internal import Documents
package import FleetModel
package import HostSystem
internal import MQTTLink
internal import ReleaseTrust
package import WireMessages

/// The device's side of the bus on a real machine: it carries out what the link's machine wants,
/// with the disk, the clock, the key and a socket to the broker. The agent's loop drives it; nothing
/// in it waits.
package final class DeviceBus {
    /// What only the agent's loop can do.
    package enum Wish {
        /// To be answered by `resolved` or `resolveFailed`.
        case resolve(host: String, port: Int)
        case orderChanged(OpenOrder?)
        case linkChanged(isUp: Bool)
        case fetch
        case say(String)
    }

    package let settings: BusSettings
    let store: RecordStore
    private var credentials: BusCredentials
    var machine: LinkMachine
    private var file: OutboxFile
    private var link: BrokerLink?
    /// What waits for room in the link, in order.
    var outgoing: [LinkMessage] = []
    private var inputs: [LinkInput] = []
    private var wishes: [Wish] = []
    /// What the disk did not take yet, and when it is tried again.
    private var unkept: [LinkEffect] = []
    private var keepAgainAt = Instant(nanoseconds: .max)
    private var statusSince: Instant
    private var trust: LinkTrust?
    /// What the broker refuses to take from this device.
    private var refusal: String?
    private var commandsWereTold = false
    private var unreadable: String?
    private var unsayable: String?

    private static let keepPause = Duration.seconds(30)

    /// Reads what earlier lives left. Wrong files of the configuration are an error that names them.
    package init(
        _ settings: BusSettings, root: Root, pace: LinkPace? = nil
    ) throws(BusError) {
        self.settings = settings
        store = RecordStore(root: root)
        credentials = try BusCredentials(settings, root: root)
        let memory: Memory
        do throws(SystemError) {
            memory = try Memory(store)
        } catch {
            throw BusError("the outbox can't be read: \(error)")
        }
        file = memory.file
        wishes = memory.notes.map { .say($0) }
        statusSince = Clocks.wall()
        machine = LinkMachine(
            identity: settings.identity, pace: pace ?? LinkPace(device: settings.identity.device),
            address: settings.address, memory: memory.link, boot: memory.boot, verifier: .signed,
            now: Clocks.monotonic())
        take(.tick)
    }

    // MARK: For the loop

    package var pollRequest: PollRequest? { link?.pollRequest }

    /// When `serve` wants to be called, at the latest.
    package var wakeAt: Instant {
        let link = link?.nextDeadline ?? Instant(nanoseconds: .max)
        return min(machine.wakeAt, link, keepAgainAt)
    }

    /// Reads, writes, and does what is due.
    package func serve(_ ready: PollRequest?) {
        let now = Clocks.monotonic()
        link?.serve(ready, at: now)
        hear()
        if now >= keepAgainAt { keepAgain() }
        take(.tick)
    }

    package func takeWishes() -> [Wish] {
        defer { wishes = [] }
        return wishes
    }

    package func resolved(_ addresses: [String]) { take(.resolved(addresses)) }
    package func resolveFailed(_ reason: String) { take(.resolveFailed(reason)) }

    /// What the ledger holds, in rising sequence; what the outbox has already is passed over.
    package func happened(_ events: [DeviceEvent]) { take(.happened(events)) }

    package func reports(_ state: ReportedState) { take(.reported(state)) }

    package func trusts(_ trust: LinkTrust) {
        guard trust != self.trust else { return }
        self.trust = trust
        take(.trusted(trust))
    }

    /// Connects anew, for the way to the broker was changed.
    package func reconnect() { take(.reconnect) }

    /// Begins the orderly end. It is over when `hasLeft`, after a few seconds at the latest.
    package func leave() { take(.stop) }
    package var hasLeft: Bool { machine.hasLeft }

    /// Whether the files that the configuration names hold what this link speaks with. Files that
    /// can't be used are an error that names them.
    package func hasCurrentCredentials() throws(BusError) -> Bool {
        try BusCredentials(settings, root: store.root).digest == credentials.digest
    }

    package var status: LinkStatus {
        var status = LinkStatus()
        status.certificateEnd = credentials.notAfter
        status.state = machine.state
        status.since = statusSince
        status.epoch = machine.currentEpoch
        status.problem = machine.problem ?? refusal
        status.outboxEvents = machine.outbox.count
        status.outboxBytes = machine.outbox.bytes
        status.isStale = machine.isStale
        status.order = machine.newestOrder.map { order, isOpen in
            LinkStatus.OrderStatus(
                sequence: order.sequence, release: order.release, tip: order.tip,
                standing: order.standing.rawValue, isOpen: isOpen, issued: order.issued)
        }
        return status
    }

    // MARK: The machine

    /// Tells the machine, and does what it wants until it wants nothing more.
    private func take(_ input: LinkInput) {
        inputs.append(input)
        let before = machine.state
        while !inputs.isEmpty {
            let moment = LinkMoment(monotonic: Clocks.monotonic(), wall: Clocks.wall())
            for effect in machine.handle(inputs.removeFirst(), at: moment) { perform(effect) }
        }
        if machine.state != before { statusSince = Clocks.wall() }
        flush()
    }

    private func perform(_ effect: LinkEffect) {
        switch effect {
        case .resolve: wishes.append(.resolve(host: settings.host, port: settings.port))
        case .connect(let address, let will): connect(to: address, will)
        case .disconnect: disconnect()
        case .subscribe(let topics): subscribe(topics)
        case .tell(let content): outgoing.append(message(content))
        case .keepEpoch, .keepOutbox, .keepOrder: keep(effect)
        case .orderChanged(let order): wishes.append(.orderChanged(order))
        case .linkChanged(let isUp): wishes.append(.linkChanged(isUp: isUp))
        case .wantFetch: wishes.append(.fetch)
        case .say(let text): wishes.append(.say(text))
        }
    }

    // MARK: The disk

    /// What the disk refuses stays in memory and is tried again: the agent goes on.
    private func keep(_ effect: LinkEffect) {
        do {
            switch effect {
            case .keepEpoch(let epoch):
                try store.write(LinkEpoch(epoch: epoch), at: StateLayout.epoch)
            case .keepOutbox(let records): try file.keep(records, of: machine.outbox)
            case .keepOrder(let memory): try store.write(memory, at: StateLayout.order)
            default: fatalError("this is nothing to keep")
            }
        } catch {
            if unkept.isEmpty { wishes.append(.say("trouble: the link can't keep: \(error)")) }
            unkept.removeAll { $0.hasSamePlace(as: effect) }
            unkept.append(effect)
            keepAgainAt = Clocks.monotonic() + Self.keepPause
            if case .keepEpoch = effect { inputs.append(.epochNotKept) }
        }
    }

    private func keepAgain() {
        let effects = unkept
        unkept = []
        keepAgainAt = Instant(nanoseconds: .max)
        for effect in effects { keep(effect) }
    }

    // MARK: The broker

    private func connect(to address: String, _ will: Presence?) {
        disconnect()
        do {
            // The handshake reads the files, and what is signed must be signed with the same key.
            credentials = try BusCredentials(settings, root: store.root)
            let link = try BrokerLink(
                credentials.settings(
                    for: settings, will: will.map { message(.presence($0)) },
                    notBefore: trust?.committed))
            self.link = link
            try link.connect(to: address, port: settings.port, expecting: settings.host)
        } catch {
            inputs.append(.disconnected(reason: "\(error)", isRefusal: false))
        }
    }

    private func disconnect() {
        outgoing = []
        link?.disconnect()
        link = nil
    }

    private func subscribe(_ topics: [String]) {
        do throws(LinkError) {
            _ = try link?.subscribe(topics, qos: 1)
        } catch {
            wishes.append(.say("trouble: the broker can't be asked for messages: \(error)"))
        }
    }

    /// Hands over as much as the link has room for.
    private func flush() {
        guard let link else { return }
        while let message = outgoing.first {
            do throws(LinkError) {
                _ = try link.publish(message)
            } catch {
                // It is tried again when something was acknowledged, or after the next connection.
                guard case .invalid(let reason) = error else { break }
                // It would be refused for ever, and all that comes after it would wait as long.
                drop(message, because: reason)
            }
            outgoing.removeFirst()
        }
        if outgoing.isEmpty, link.inFlight == 0, machine.isLeaving { take(.settled) }
    }

    private func drop(_ message: LinkMessage, because reason: String) {
        let text = "what this device has to say on \(message.topic) can't be said: \(reason)"
        refusal = text
        // It comes again, for nobody acknowledges it.
        if unsayable != text { wishes.append(.say("trouble: \(text)")) }
        unsayable = text
    }

    private func hear() {
        while let event = link?.nextEvent() {
            switch event {
            case .connected:
                refusal = nil
                take(.connected)
            case .disconnected(let reason, let isRefusal):
                outgoing = []
                link = nil
                take(.disconnected(reason: reason, isRefusal: isRefusal))
            case .subscribed: take(.subscribed)
            case .published(_, let reason):
                // 16 only says that nobody listens.
                if reason >= 128 {
                    refusal = "the broker refuses what this device says (reason \(reason))"
                }
            case .received(let message): received(message)
            }
        }
    }

    private func received(_ message: LinkMessage) {
        do {
            let identity = settings.identity
            switch identity.topics.place(of: message.topic) {
            case .device(identity.device, .presence):
                let node = try MessageVerifier.signed.parse(message.payload)
                take(.recalled(try Presence(reading: node)))
            case .device(identity.device, .ack):
                take(.acknowledged(try MessageVerifier.signed.open(message.payload)))
            case .order(identity.channel.channel):
                take(.ordered(try MessageVerifier.signed.open(message.payload)))
            case .device(identity.device, .commands):
                if commandsWereTold { break }
                commandsWereTold = true
                wishes.append(.say("a command came, and this version knows none"))
            default: break
            }
        } catch {
            // Who owns the broker may send anything, and as often as he likes.
            if unreadable != message.topic {
                unreadable = message.topic
                wishes.append(.say("what came on \(message.topic) is not believed: \(error)"))
            }
        }
    }

    // MARK: Messages

    private func message(_ content: LinkMessageContent) -> LinkMessage {
        let topics = settings.identity.topics
        let device = settings.identity.device
        switch content {
        case .presence(let presence):
            return LinkMessage(
                topic: topics.presence(device), payload: Array(presence.json.canonical.utf8),
                qos: 1, retain: true)
        case .state(let state):
            return LinkMessage(
                topic: topics.state(device), payload: credentials.signed(state), qos: 1,
                retain: true)
        case .events(let batch):
            return LinkMessage(
                topic: topics.events(device), payload: credentials.signed(batch), qos: 1,
                retain: false)
        }
    }
}

extension LinkEffect {
    /// Whether it is kept in the same file, so that the newer one is enough.
    fileprivate func hasSamePlace(as other: LinkEffect) -> Bool {
        switch (self, other) {
        case (.keepEpoch, .keepEpoch), (.keepOutbox, .keepOutbox), (.keepOrder, .keepOrder): true
        default: false
        }
    }
}
