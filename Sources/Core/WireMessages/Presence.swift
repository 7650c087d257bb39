package import Documents
package import FleetModel

/// Whether a device is connected; its birth, and its will. It is not signed, for the broker says the
/// will in its stead: so it decides nothing but what people see.
package struct Presence: Equatable, Sendable {
    package var online: Bool
    /// Rises with every connection, so that a late death of an older one is known as such.
    package var epoch: Int64

    package init(online: Bool, epoch: Int64) {
        self.online = online
        self.epoch = epoch
    }

    package var json: JSONValue {
        ["version": 1, "online": .bool(online), "epoch": .integer(epoch)]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "presence")
        reader.version()
        self.init(online: reader.bool("online"), epoch: reader.epoch("epoch"))
        try reader.finish()
    }
}

/// The same of an aggregator, with the versions of messages that it speaks.
package struct AggregatorStatus: Equatable, Sendable {
    package var online: Bool
    /// When it connected; its will says the same.
    package var since: Instant
    package var speaks: [Int64]

    package init(online: Bool, since: Instant, speaks: [Int64] = [1]) {
        self.online = online
        self.since = since
        self.speaks = speaks
    }

    package var json: JSONValue {
        [
            "version": 1, "online": .bool(online), "since": .time(since),
            "speaks": .array(speaks.map { .integer($0) }),
        ]
    }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "an aggregator's status")
        reader.version()
        let (online, since) = (reader.bool("online"), reader.instant("since"))
        var speaks: [Int64] = []
        for element in reader.list("speaks", limit: 16) {
            guard let version = element.wireInteger, version > 0 else {
                reader.report("`speaks` has an element that is no version")
                continue
            }
            speaks.append(version)
        }
        try reader.finish()
        self.init(online: online, since: since, speaks: speaks)
    }
}
