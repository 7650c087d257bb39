package import DeviceLink
package import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import ReleaseTrust
internal import WireMessages

/// Which broker, and as whom.
package struct BusSettings: Equatable, Sendable {
    package var identity: LinkIdentity
    package var host: String
    package var port: Int
    /// Paths on the device.
    package var ca: String
    package var certificate: String
    package var key: String

    /// Of a configuration that names a broker. The fleet's name comes from trust or its anchor.
    package init(_ configuration: AgentConfiguration, store: RecordStore) throws {
        guard let broker = configuration.broker else {
            throw BusError("no `broker:` is configured")
        }
        guard let channel = try Self.channel(store) else {
            throw BusError(
                "\(StateLayout.anchor) is missing, so the fleet's name is not known; put there what "
                    + "`flotilla anchor` prints")
        }
        guard channel.channel == configuration.channel else {
            throw BusError(
                "this device is trusted to follow \(channel), and `channel:` says "
                    + configuration.channel)
        }
        identity = LinkIdentity(
            device: configuration.device, channel: channel, topic: broker.topic)
        host = broker.host
        port = broker.port
        ca = broker.ca
        certificate = broker.certificate
        key = broker.key
    }

    private static func channel(_ store: RecordStore) throws(RecordError) -> ChannelName? {
        if let head = try store.readIfWhole(TrustHead.self, at: StateLayout.trust) {
            return head.channel
        }
        return try store.readIfWhole(TrustAnchor.self, at: StateLayout.anchor)?.channel
    }

    /// The host where it is an address already, which nobody needs to look up.
    var address: String? {
        let isAddress =
            host.utf8.contains(UInt8(ascii: ":"))
            || host.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
            }
        return isAddress ? host : nil
    }
}
