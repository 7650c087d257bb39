package import FleetModel
package import HostSystem

/// MQTT 5 with one broker, by libmosquitto, in the loop of its owner: one thread, no call of it
/// blocks, and what comes waits in a bounded queue. (A type can't have its module's name.)
///
/// Its owner waits for `pollRequest` until `nextDeadline`, calls `serve`, and takes `nextEvent`
/// until there is none. It does not connect again by itself: its owner knows the addresses and how
/// patient to be.
///
/// libmosquitto makes the process ignore SIGPIPE.
package final class BrokerLink {
    private let settings: LinkSettings
    private let events: EventQueue
    private var connection: BrokerConnection?

    package init(_ settings: LinkSettings) throws(LinkError) {
        try settings.validate()
        self.settings = settings
        events = EventQueue(
            messageLimit: settings.queuedMessages, byteLimit: settings.queuedBytes)
    }

    /// Begins to connect; how it ends is told by an event. `address` is numeric, so that nothing
    /// is looked up; the broker's certificate must be for `host`. An earlier connection is dropped
    /// without a word to the broker and without an event.
    package func connect(
        to address: String, port: Int, expecting host: String
    ) throws(LinkError) {
        connection = nil
        connection = try BrokerConnection(
            settings, events, address: address, port: port, host: host)
    }

    /// What to wait for; nil where there is nothing, because the link is down or because the queue
    /// of what came is full.
    package var pollRequest: PollRequest? { connection?.pollRequest }

    /// When `serve` wants to be called at the latest, of the monotonic clock; in the past where
    /// there is something to do at once.
    package var nextDeadline: Instant? { connection?.nextDeadline }

    /// Reads, writes and looks at its timers. `ready` is the poll request after the wait; `now` is
    /// of the monotonic clock.
    package func serve(_ ready: PollRequest?, at now: Instant) {
        guard let connection else { return }
        connection.serve(ready, at: now)
        if connection.isOver { self.connection = nil }
    }

    package func nextEvent() -> LinkEvent? { events.pop() }

    package var isConnected: Bool { connection?.isWelcomed ?? false }

    /// Between `connect` and the end of that connection.
    package var isActive: Bool { connection != nil }

    /// Messages that the broker has not acknowledged yet.
    package var inFlight: Int { connection?.inFlight.count ?? 0 }

    /// Hands a message over; the event `published` with the same number tells the rest. Nothing is
    /// kept for later: while the link is down or busy the message stays with its owner.
    package func publish(_ message: LinkMessage) throws(LinkError) -> Int32 {
        try message.validate(payloadLimit: settings.payloadLimit)
        guard let connection, connection.isWelcomed else { throw .notConnected }
        return try connection.publish(message)
    }

    /// Asks for what is published on any of the filters.
    package func subscribe(_ filters: [String], qos: Int = 1) throws(LinkError) -> Int32 {
        for filter in filters { try validateTopic(filter) }
        guard (1...64).contains(filters.count), qos == 0 || qos == 1 else {
            throw .invalid("a subscription has 1 to 64 filters, and quality 0 or 1")
        }
        guard let connection, connection.isWelcomed else { throw .notConnected }
        return try connection.subscribe(filters, qos: qos)
    }

    /// Says goodbye, so that the broker publishes no will. The event `disconnected` tells when the
    /// broker has heard it; who ends earlier may leave a will. That takes some seconds at most.
    package func disconnect() {
        guard let connection else { return }
        connection.leave()
        if connection.isOver { self.connection = nil }
    }
}
