package import NetworkStreams

/// How a link speaks with brokers.
package struct LinkSettings: Sendable {
    /// The broker replaces it by the certificate's common name; both should be the same.
    package var clientID: String
    package var tls: TLSSettings
    /// The longest silence of ours; a broker that does not answer for as long again is given up.
    package var keepAlive: Duration = .seconds(240)
    /// What the broker says for us when we are gone without a goodbye.
    package var will: LinkMessage?
    /// Begin without what the broker remembers of us.
    package var cleanStart = true
    /// How long the broker remembers our subscriptions and keeps messages for us; whole seconds.
    package var sessionExpiry: Duration = .zero
    /// Messages of quality 1 that wait for the broker's acknowledgement, in either direction.
    package var inflightLimit = 20
    /// For TCP, TLS and the broker's welcome together.
    package var connectTimeout: Duration = .seconds(30)
    /// The largest payload in either direction.
    package var payloadLimit = 64 << 10
    /// When so many messages or bytes wait for `nextEvent`, nothing more is read from the broker.
    package var queuedMessages = 256
    package var queuedBytes = 1 << 20

    package init(clientID: String, tls: TLSSettings) {
        self.clientID = clientID
        self.tls = tls
    }

    /// What a packet may have besides its payload: topic, response topic, correlation data.
    static let packetOverhead = 2 << 10
    var packetLimit: Int { payloadLimit + Self.packetOverhead }

    /// As MQTT counts: whole seconds in 16 bits; libmosquitto takes no less than 5.
    var keepAliveSeconds: Int32 { Int32(min(max(keepAlive.components.seconds, 5), 65_535)) }
    var sessionExpirySeconds: UInt32 { UInt32(clamping: sessionExpiry.components.seconds) }

    func validate() throws(LinkError) {
        guard !clientID.isEmpty, clientID.utf8.count <= 256, !clientID.utf8.contains(0) else {
            throw .invalid("a client id has 1 to 256 bytes, and no NUL")
        }
        guard (1...1_000).contains(inflightLimit) else {
            throw .invalid("an in-flight limit is 1 to 1000, not \(inflightLimit)")
        }
        guard (1...(1 << 20)).contains(payloadLimit) else {
            throw .invalid("a payload limit is 1 byte to 1 MiB, not \(payloadLimit)")
        }
        guard queuedMessages > 0, queuedBytes > 0 else {
            throw .invalid("a queue of received messages has room for one")
        }
        guard connectTimeout > .zero else { throw .invalid("a time-out is above zero") }
        if let will { try will.validate(payloadLimit: min(payloadLimit, 65_535)) }
    }
}

extension LinkMessage {
    func validate(payloadLimit: Int) throws(LinkError) {
        guard payload.count <= payloadLimit else {
            throw .invalid(
                "a payload of \(payload.count) bytes for '\(topic)'; at most \(payloadLimit)")
        }
        guard qos == 0 || qos == 1 else { throw .invalid("a quality of service is 0 or 1") }
        try validateTopic(topic)
        if let responseTopic { try validateTopic(responseTopic) }
        guard (correlation?.count ?? 0) <= 512 else {
            throw .invalid("correlation data of more than 512 bytes")
        }
    }
}

/// The longest topic or filter that is sent; ours have less than 200 bytes.
private let topicBytes = 512

/// What libmosquitto would cut off or the broker would hang up at.
func validateTopic(_ topic: String) throws(LinkError) {
    let bytes = topic.utf8
    guard !bytes.isEmpty, bytes.count <= topicBytes, !bytes.contains(0) else {
        throw .invalid("a topic has 1 to \(topicBytes) bytes, and no NUL")
    }
    // Mosquitto ends the connection at more than 200 levels.
    guard bytes.count(where: { $0 == UInt8(ascii: "/") }) < 200 else {
        throw .invalid("a topic of more than 200 levels")
    }
}
