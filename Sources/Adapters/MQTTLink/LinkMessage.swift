/// A message as it is published or received.
package struct LinkMessage: Equatable, Sendable {
    package var topic: String
    package var payload: [UInt8]
    /// 0 or 1.
    package var qos: Int
    package var retain: Bool
    /// After this time the broker delivers it to nobody any more; whole seconds.
    package var expiry: Duration?
    /// Where an answer is expected, and what it must carry.
    package var responseTopic: String?
    package var correlation: [UInt8]?

    package init(
        topic: String, payload: [UInt8], qos: Int = 1, retain: Bool = false,
        expiry: Duration? = nil, responseTopic: String? = nil, correlation: [UInt8]? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.expiry = expiry
        self.responseTopic = responseTopic
        self.correlation = correlation
    }

    /// What it costs in a queue, roughly.
    var bytes: Int {
        topic.utf8.count + payload.count + (responseTopic?.utf8.count ?? 0)
            + (correlation?.count ?? 0)
    }
}
