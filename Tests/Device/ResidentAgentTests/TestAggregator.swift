import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import JSONDocument
import MQTTLink
import NetworkStreams
import ReleaseTrust
import Signatures
import TestSupport
import WireMessages

/// Hears one device as an aggregator does: it believes what is signed with the device's key, keeps
/// it, and only then acknowledges. It runs in a thread of its own, and connects again and again.
final class TestAggregator: @unchecked Sendable {
    /// What it has heard, in order.
    struct Book {
        var presences: [Presence] = []
        var states: [ReportedState] = []
        /// Each event by its outbox and sequence.
        var events: [Int64: [Int64: DeviceEvent]] = [:]
        var batches = 0
        /// The certificates of signed messages, each once, in the order in which they came.
        var certificates: [[UInt8]] = []
        /// What can't be.
        var faults: [String] = []
    }

    private let broker: BrokerServer
    private let device: DeviceID
    private let signer: SigningKey
    private let settings: LinkSettings
    private let channel: ChannelName
    private let topics: FleetTopics
    private let verifier = MessageVerifier(checking: LibcryptoSignatures()) {
        bytes throws(InvalidDocument) in
        try JSON.parse(bytes, file: "a message")
    }
    // All below is guarded by `lock`.
    private let lock = NSLock()
    private var currentBook = Book()
    private var deviceKeys: [SSHPublicKey]
    private var acknowledges = true
    private var isOver = false
    private var outgoing: [LinkMessage] = []
    private var extraEpoch: Int64 = 0

    init(_ broker: BrokerServer, hears device: String, key: SSHPublicKey) throws {
        self.broker = broker
        guard let id = DeviceID(device),
            let channel = ChannelName(fleet: broker.fleet, channel: "main")
        else { fatalError("\(device) is no device's name") }
        self.device = id
        self.channel = channel
        deviceKeys = [key]
        let identity = try broker.aggregator()
        signer = try SigningKey(pemFile: Array(Data(contentsOf: identity.key)))
        topics = FleetTopics(fleet: broker.fleet)
        var settings = LinkSettings(clientID: "aggregator@\(broker.fleet)", tls: TLSSettings())
        settings.tls.authoritiesFile = broker.authority.certificate.path
        settings.tls.certificateFile = identity.certificate.path
        settings.tls.keyFile = identity.key.path
        self.settings = settings
        Thread.detachNewThread { [self] in live() }
    }

    /// Its line in `trust/allowed_signers`.
    var signersLine: String {
        "aggregator@\(broker.fleet) namespaces=\"flotilla-order,flotilla-ack\" "
            + "\(signer.publicKey.text)\n"
    }

    var book: Book { lock.withLock { currentBook } }
    func acknowledge(_ wanted: Bool) { lock.withLock { acknowledges = wanted } }
    /// Claims to know a later life of the device.
    func knows(epoch: Int64) { lock.withLock { extraEpoch = epoch } }
    /// Believes this key of the device from now on, besides the ones before.
    func believe(_ key: SSHPublicKey) { lock.withLock { deviceKeys.insert(key, at: 0) } }
    func end() { lock.withLock { isOver = true } }

    func publish(_ order: Order) {
        let message = signed(order)
        lock.withLock {
            outgoing.append(
                LinkMessage(
                    topic: topics.order(channel: "main"), payload: message.bytes, retain: true))
        }
    }

    private func signed(_ content: some SignedPayload) -> SignedMessage {
        SignedMessage(content) { signer.sign($0, namespace: $1) }
    }

    // MARK: The thread

    private func live() {
        while !lock.withLock({ isOver }) {
            do {
                let link = try BrokerLink(settings)
                try link.connect(
                    to: "127.0.0.1", port: broker.port, expecting: BrokerServer.name)
                try listen(link)
            } catch {
                // The broker is down; it comes back.
            }
            usleep(50_000)
        }
    }

    private func listen(_ link: BrokerLink) throws {
        while !lock.withLock({ isOver }) {
            while let event = link.nextEvent() {
                switch event {
                case .connected: _ = try link.subscribe(topics.deviceFilters)
                case .disconnected: return
                case .received(let message): try heard(message, link)
                case .published, .subscribed: break
                }
            }
            if link.isConnected, let message = lock.withLock({ outgoing.popLast() }) {
                _ = try link.publish(message)
            }
            var requests = [link.pollRequest].compactMap { $0 }
            try PollRequest.wait(for: &requests, timeout: .milliseconds(10))
            link.serve(requests.first, at: Clocks.monotonic())
        }
        link.disconnect()
    }

    private func heard(_ message: LinkMessage, _ link: BrokerLink) throws {
        guard case .device(device, let leaf) = topics.place(of: message.topic) else { return }
        do {
            switch leaf {
            case .presence:
                let node = try verifier.parse(message.payload)
                let presence = try Presence(reading: node)
                lock.withLock { currentBook.presences.append(presence) }
            case .state:
                let state = try believed(message) { judge, signed, key throws in
                    try judge.state(signed, of: device, by: key)
                }
                lock.withLock { currentBook.states.append(state) }
            case .events:
                let batch = try believed(message) { judge, signed, key throws in
                    try judge.events(signed, of: device, by: key)
                }
                try take(batch, link)
            case .ack, .commands: break
            }
        } catch {
            lock.withLock { currentBook.faults.append("\(message.topic): \(error)") }
        }
    }

    /// What one of the device's keys signed.
    private func believed<Content>(
        _ message: LinkMessage,
        judged: (ReportJudge, SignedMessage, SSHPublicKey) throws -> Content
    ) throws -> Content {
        let judge = ReportJudge(channel: channel, verifier: verifier)
        let signed = try verifier.open(message.payload)
        var failure: (any Error)?
        for key in lock.withLock({ deviceKeys }) {
            do {
                let content = try judged(judge, signed, key)
                lock.withLock {
                    let certificate = signed.certificate ?? []
                    if currentBook.certificates.last != certificate {
                        currentBook.certificates.append(certificate)
                    }
                }
                return content
            } catch {
                failure = error
            }
        }
        throw failure ?? ChildFailure(description: "the device has no key")
    }

    private func take(_ batch: EventBatch, _ link: BrokerLink) throws {
        let acknowledgement = lock.withLock { () -> Acknowledgement? in
            currentBook.batches += 1
            for event in batch.events {
                let known = currentBook.events[batch.epoch]?[event.sequence]
                if let known, known != event {
                    currentBook.faults.append("\(event) was \(known) before")
                }
                currentBook.events[batch.epoch, default: [:]][event.sequence] = event
            }
            guard acknowledges else { return nil }
            return Acknowledgement(
                fleet: channel.fleet, channel: channel.channel, device: device,
                epoch: batch.epoch, upto: batch.events.last?.sequence ?? 0,
                knownEpoch: max(
                    currentBook.presences.map(\.epoch).max() ?? 0, batch.epoch, extraEpoch),
                issued: Clocks.wall())
        }
        guard let acknowledgement else { return }
        _ = try link.publish(
            LinkMessage(topic: topics.ack(device), payload: signed(acknowledgement).bytes))
    }
}
