package import FleetModel
package import MQTTLink
package import NetworkStreams
package import WireMessages

/// Where the bus is, and whom to believe on it.
package struct IngestSettings: Sendable {
    package var channel: ChannelName
    package var topics: FleetTopics
    package var broker: BrokerAddress
    package var tls: TLSSettings
    /// The common name of our certificate.
    package var clientID: String
    /// What the broker says of us when we are gone.
    package var will: LinkMessage?
    /// The authority of the devices' certificates, and its list of revoked ones.
    package var authorityFile: String
    package var revokedFile: String?
    /// The addresses of the broker; blocks for as long as resolv.conf says.
    package var addresses: @Sendable (BrokerAddress) throws(NetworkError) -> [String] = {
        broker throws(NetworkError) in
        try NameResolution.addresses(host: broker.host, port: broker.port)
    }
    /// Messages of one transaction at most.
    package var batchMessages = 1_000
    /// How long a message waits for others, so that they share a transaction.
    package var gather: Duration = .milliseconds(20)
    /// Messages that wait before nothing more is read from the broker.
    package var waitingMessages = 10_000
    package var shortestReconnect: Duration = .milliseconds(500)
    package var slowestReconnect: Duration = .seconds(30)
    /// A line for people.
    package var log: @Sendable (String) -> Void = { _ in }

    package init(
        channel: ChannelName, topics: FleetTopics, broker: BrokerAddress,
        tls: TLSSettings, clientID: String, authorityFile: String, revokedFile: String?
    ) {
        self.channel = channel
        self.topics = topics
        self.broker = broker
        self.tls = tls
        self.clientID = clientID
        self.authorityFile = authorityFile
        self.revokedFile = revokedFile
    }
}

/// How the link to the broker stands.
package struct LinkStatus: Equatable, Sendable {
    package var isConnected = false
    /// Connected, subscribed, and what the broker kept for us has been heard.
    package var isSettled = false
    /// Why it is down.
    package var problem: String?

    package init() {}
}

/// What happened since the start, counted.
package struct IngestCounters: Equatable, Sendable {
    package var received: Int64 = 0
    package var believed: Int64 = 0
    package var dropped: [DropReason: Int64] = [:]
    package var batches: Int64 = 0
    package var published: Int64 = 0
    /// The broker refused a message of ours.
    package var refused: Int64 = 0
    package var connects: Int64 = 0

    package init() {}
}
