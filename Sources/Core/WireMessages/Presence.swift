package import Documents

/// Whether a device is connected; its birth, and its will. It is not signed, for the broker says the
/// will in its stead.
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
        self.init(online: reader.bool("online"), epoch: reader.integer("epoch"))
        try reader.finish()
    }
}
