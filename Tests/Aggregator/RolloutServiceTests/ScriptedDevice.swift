import Digests
import Documents
import FleetModel
import Foundation
import HostSystem
import MQTTLink
import NetworkStreams
import ReleaseTrust
import Signatures
import Synchronization
import TestSupport
import Testing
import WireMessages

/// A device that speaks the protocol as a test tells it to: presence, state and events, signed with
/// its own key; what it hears it keeps. It runs on a thread of its own.
final class ScriptedDevice: Sendable {
    struct Heard {
        var isConnected = false
        var connects = 0
        var acks: [Acknowledgement] = []
        var orders: [Order] = []
        var orderBytes: [[UInt8]] = []
        var published = 0
        var refused = 0
    }

    private struct Desk {
        var heard = Heard()
        var outgoing: [LinkMessage] = []
        var isStopped = false
    }

    let id: DeviceID
    let topics: FleetTopics
    let certificate: [UInt8]
    let key: SigningKey
    private let desk = Mutex(Desk())
    private let bell: WakeUp
    private let settings: LinkSettings
    private let port: Int

    /// Connects as whoever the identity's certificate names.
    init(
        _ id: String, _ identity: TestAuthority.Identity, authority: URL, port: Int,
        epoch: Int64 = 1
    ) throws {
        self.id = try #require(DeviceID(id))
        self.port = port
        topics = FleetTopics(fleet: "harbour")
        certificate = try der(identity.certificate)
        key = try SigningKey(pemFile: Array(try Data(contentsOf: identity.key)))
        bell = try WakeUp()
        var tls = TLSSettings()
        tls.authoritiesFile = authority.path
        tls.certificateFile = identity.certificate.path
        tls.keyFile = identity.key.path
        var settings = LinkSettings(clientID: id, tls: tls)
        settings.will = LinkMessage(
            topic: topics.presence(self.id), payload: Self.presence(online: false, epoch),
            retain: true)
        self.settings = settings
        try OwnThread.start("device") { [self] in run() }
        publish(topics.presence(self.id), Self.presence(online: true, epoch), retain: true)
    }

    var heard: Heard { desk.withLock { $0.heard } }

    /// Goes without a goodbye.
    func stop() {
        desk.withLock { $0.isStopped = true }
        bell.ring()
    }

    func publish(_ topic: String, _ payload: [UInt8], retain: Bool = false) {
        desk.withLock {
            $0.outgoing.append(LinkMessage(topic: topic, payload: payload, retain: retain))
        }
        bell.ring()
    }

    func say(_ state: ReportedState) {
        publish(topics.state(id), signed(state), retain: true)
    }

    func say(_ batch: EventBatch) { publish(topics.events(id), signed(batch)) }

    func signed(_ content: some SignedPayload) -> [UInt8] {
        let payload = content.payload
        return SignedMessage(
            payload: payload,
            signature: key.sign(payload, namespace: SignatureNamespace.report),
            certificate: certificate
        ).bytes
    }

    static func presence(online: Bool, _ epoch: Int64) -> [UInt8] {
        Array(Presence(online: online, epoch: epoch).json.canonical.utf8)
    }

    // MARK: The thread

    private func run() {
        guard let link = try? BrokerLink(settings) else { return }
        var nextConnect = Instant(nanoseconds: 0)
        while !desk.withLock({ $0.isStopped }) {
            let now = Clocks.monotonic()
            if !link.isActive, now >= nextConnect {
                nextConnect = now + .milliseconds(200)
                try? link.connect(to: "127.0.0.1", port: port, expecting: BrokerServer.name)
            }
            var requests = [bell.request]
            if let request = link.pollRequest { requests.append(request) }
            let end = min(link.nextDeadline ?? now + .milliseconds(200), now + .milliseconds(200))
            try? PollRequest.wait(for: &requests, timeout: max(.zero, end - now))
            bell.silence()
            link.serve(requests.count > 1 ? requests[1] : nil, at: Clocks.monotonic())
            while let event = link.nextEvent() { take(event, link) }
            if link.isConnected { send(link) }
        }
    }

    private func send(_ link: BrokerLink) {
        while let message = desk.withLock({ $0.outgoing.first }) {
            guard (try? link.publish(message)) != nil else { return }
            _ = desk.withLock { $0.outgoing.removeFirst() }
        }
    }

    private func take(_ event: LinkEvent, _ link: BrokerLink) {
        switch event {
        case .connected:
            _ = try? link.subscribe([topics.ack(id), topics.order(channel: "main")])
            desk.withLock {
                $0.heard.isConnected = true
                $0.heard.connects += 1
            }
        case .disconnected: desk.withLock { $0.heard.isConnected = false }
        case .published(_, let reason):
            desk.withLock {
                $0.heard.published += 1
                if reason >= 128 { $0.heard.refused += 1 }
            }
        case .subscribed: break
        case .received(let message): take(message)
        }
    }

    private func take(_ message: LinkMessage) {
        guard let signed = try? SignedMessage(reading: parse(message.payload)),
            let payload = try? parse(signed.payload)
        else {
            Issue.record("the aggregator said \(String(decoding: message.payload, as: UTF8.self))")
            return
        }
        if message.topic == topics.ack(id), let ack = try? Acknowledgement(reading: payload) {
            desk.withLock { $0.heard.acks.append(ack) }
        } else if let order = try? Order(reading: payload) {
            desk.withLock {
                $0.heard.orders.append(order)
                $0.heard.orderBytes.append(message.payload)
            }
        }
    }
}
