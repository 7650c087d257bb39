internal import Documents
internal import FleetModel
internal import MQTTLink
internal import Signatures
internal import WireMessages

/// Puts the aggregator's name under what it says.
struct Speaker {
    private let topics: FleetTopics
    private let channel: ChannelName
    private let key: SigningKey

    init(topics: FleetTopics, channel: ChannelName, key: SigningKey) {
        self.topics = topics
        self.channel = channel
        self.key = key
    }

    /// Retained: who comes later hears it too.
    func message(_ order: Order) -> LinkMessage {
        LinkMessage(
            topic: topics.order(channel: channel.channel), payload: signed(order), retain: true)
    }

    /// A device that is away sends its events again, so an old one is of no use.
    func message(_ acknowledgement: Acknowledgement) -> LinkMessage {
        LinkMessage(
            topic: topics.ack(acknowledgement.device), payload: signed(acknowledgement),
            expiry: .seconds(300))
    }

    private func signed(_ content: some SignedPayload) -> [UInt8] {
        let payload = content.payload
        return SignedMessage(
            payload: payload,
            signature: key.sign(payload, namespace: type(of: content).namespace)
        ).bytes
    }

    static func status(
        _ status: AggregatorStatus, topics: FleetTopics, instance: String
    ) -> LinkMessage {
        LinkMessage(
            topic: topics.aggregatorStatus(instance), payload: Array(status.json.canonical.utf8),
            retain: true)
    }
}
