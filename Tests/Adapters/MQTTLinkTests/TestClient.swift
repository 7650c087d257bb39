import FleetModel
import Foundation
import HostSystem
import MQTTLink
import NetworkStreams
import TestSupport

/// A link with a loop around it, as an agent has one, that keeps what happened.
final class TestClient {
    let link: BrokerLink
    private(set) var events: [LinkEvent] = []
    /// How long one call of the link took at most.
    private(set) var longestCall = Duration.zero
    /// Looks at events only while this is true; else they stay in the link's queue.
    var takesEvents = true

    init(_ settings: LinkSettings) throws { link = try BrokerLink(settings) }

    /// A client of a broker with a certificate of its authority.
    convenience init(
        _ id: String, _ identity: TestAuthority.Identity, of broker: BrokerServer,
        _ change: (inout LinkSettings) -> Void = { _ in }
    ) throws {
        var settings = LinkSettings(clientID: id, tls: TLSSettings())
        settings.tls.authoritiesFile = broker.authority.certificate.path
        settings.tls.certificateFile = identity.certificate.path
        settings.tls.keyFile = identity.key.path
        change(&settings)
        try self.init(settings)
    }

    /// Connects and waits for the welcome; true where the broker remembered a session.
    @discardableResult
    func connect(
        to broker: BrokerServer
    ) throws -> Bool {
        events = []
        try begin(port: broker.port)
        try wait { client in
            client.events.contains {
                if case .connected = $0 { true } else { false }
            } || client.ending != nil
        }
        for case .connected(let sessionPresent) in events { return sessionPresent }
        throw Failure("not connected: \(ending ?? "no reason")")
    }

    func begin(port: Int, host: String = BrokerServer.name) throws {
        try measure { try link.connect(to: "127.0.0.1", port: port, expecting: host) }
    }

    /// Publishes without waiting; nil where the link takes it.
    func refusal(_ message: LinkMessage) -> LinkError? {
        do {
            _ = try measure { try link.publish(message) }
            return nil
        } catch {
            return error as? LinkError
        }
    }

    /// Publishes and waits for the broker's answer: its reason.
    @discardableResult
    func say(_ message: LinkMessage) throws -> UInt8 {
        let id = try measure { try link.publish(message) }
        var answer: UInt8?
        try wait { client in
            for case .published(id, let reason) in client.events { answer = reason }
            return answer != nil || client.ending != nil
        }
        guard let answer else { throw Failure("no answer: \(ending ?? "")") }
        return answer
    }

    @discardableResult
    func hear(_ filters: String...) throws -> [UInt8] {
        let id = try measure { try link.subscribe(filters) }
        var answer: [UInt8]?
        try wait { client in
            for case .subscribed(id, let reasons) in client.events { answer = reasons }
            return answer != nil || client.ending != nil
        }
        guard let answer else { throw Failure("no answer: \(ending ?? "")") }
        return answer
    }

    var received: [LinkMessage] {
        events.compactMap { if case .received(let message) = $0 { message } else { nil } }
    }

    var waitsForNothing: Bool { link.pollRequest == nil && link.nextDeadline == nil }

    func forget() { events = [] }

    /// Why it is down, once it is.
    var ending: String? {
        for case .disconnected(let reason, _) in events { return reason }
        return nil
    }

    var isRefused: Bool {
        for case .disconnected(_, let isRefusal) in events { return isRefusal }
        return false
    }

    /// Runs its loop until `condition` holds.
    func wait(
        within seconds: Int64 = 20, until condition: (TestClient) -> Bool
    ) throws {
        try drive([self], within: seconds) { condition(self) }
    }

    /// Turns of its loop, so that a test sees one that never sleeps.
    private(set) var turns = 0

    fileprivate func serve(_ ready: PollRequest?) {
        turns += 1
        measure { link.serve(ready, at: Clocks.monotonic()) }
        while takesEvents, let event = link.nextEvent() { events.append(event) }
    }

    private func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = Clocks.monotonic()
        defer { longestCall = max(longestCall, Clocks.monotonic() - start) }
        return try body()
    }
}

/// Runs the loops of some clients as one, until `condition` holds.
func drive(
    _ clients: [TestClient], within seconds: Int64 = 20, until condition: () -> Bool
) throws {
    let end = Clocks.monotonic() + .seconds(seconds)
    while !condition() {
        let now = Clocks.monotonic()
        guard now < end else {
            throw Failure("not in \(seconds) s; \(clients.map { $0.events.suffix(5) })")
        }
        try turn(clients, until: min(end, now + .milliseconds(50)))
    }
}

/// Runs the loops of some clients for a time.
func drive(_ clients: [TestClient], for time: Duration) throws {
    let end = Clocks.monotonic() + time
    while Clocks.monotonic() < end { try turn(clients, until: end) }
}

private func turn(_ clients: [TestClient], until end: Instant) throws {
    var requests: [PollRequest] = []
    var owners: [TestClient] = []
    var deadline = end
    for client in clients {
        if let request = client.link.pollRequest {
            requests.append(request)
            owners.append(client)
        }
        deadline = min(deadline, client.link.nextDeadline ?? end)
    }
    let now = Clocks.monotonic()
    try PollRequest.wait(for: &requests, timeout: deadline > now ? deadline - now : .zero)
    for client in clients {
        client.serve(owners.firstIndex { $0 === client }.map { requests[$0] })
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension LinkMessage {
    init(_ topic: String, _ text: String = "x", retain: Bool = false) {
        self.init(topic: topic, payload: Array(text.utf8), retain: retain)
    }

    var text: String { String(decoding: payload, as: UTF8.self) }
}
