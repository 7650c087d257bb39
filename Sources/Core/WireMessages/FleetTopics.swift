internal import Digests
package import FleetModel

/// What a device says or hears below its own topic.
package enum DeviceLeaf: String, Equatable, Sendable, CaseIterable {
    case presence, state, events, ack, commands
}

/// The fleet's topics on a broker. A topic only routes: what a message is good for stands in what
/// was signed.
package struct FleetTopics: Equatable, Sendable {
    /// `flotilla/harbour`.
    package let base: String

    package init(base: String) { self.base = base }
    package init(fleet: String) { base = "flotilla/\(fleet)" }

    /// Whether a configuration may name this as its base: levels that are not empty and have
    /// neither wildcards nor control characters, and do not begin with the broker's own `$`.
    package static func isBase(_ text: String) -> Bool {
        guard text.utf8.count <= 128, text.utf8.first != UInt8(ascii: "$") else { return false }
        return text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { level in
                !level.isEmpty
                    && level.allSatisfy {
                        $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "#")
                    }
            }
    }

    /// One of 256 parts of the fleet: two hexadecimal digits.
    package static func shard(of id: DeviceID) -> String {
        Hex.encode(SHA256.hash(id.text.utf8).bytes.prefix(1))
    }

    package func topic(_ leaf: DeviceLeaf, of id: DeviceID) -> String {
        "\(base)/\(Self.shard(of: id))/devices/\(id)/\(leaf.rawValue)"
    }

    package func presence(_ id: DeviceID) -> String { topic(.presence, of: id) }
    package func state(_ id: DeviceID) -> String { topic(.state, of: id) }
    package func events(_ id: DeviceID) -> String { topic(.events, of: id) }
    package func ack(_ id: DeviceID) -> String { topic(.ack, of: id) }
    package func commands(_ id: DeviceID) -> String { topic(.commands, of: id) }

    package func order(channel: String) -> String { "\(base)/channels/\(channel)/order" }

    package func aggregatorStatus(_ instance: String) -> String {
        "\(base)/aggregators/\(instance)/status"
    }

    /// What an aggregator subscribes to hear all devices.
    package var deviceFilters: [String] {
        [DeviceLeaf.presence, .state, .events].map { "\(base)/+/devices/+/\($0.rawValue)" }
    }

    package enum Place: Equatable, Sendable {
        case device(DeviceID, DeviceLeaf)
        case order(channel: String)
        case aggregatorStatus(String)
    }

    /// Nil where the topic is none of ours, or the shard is not the device's.
    package func place(of topic: String) -> Place? {
        guard topic.utf8.count <= Limits.topicBytes,
            topic.utf8.starts(with: "\(base)/".utf8)
        else { return nil }
        let levels = topic.utf8.dropFirst(base.utf8.count + 1)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        switch levels.count {
        case 4:
            guard levels[1] == "devices", let id = DeviceID(levels[2]),
                let leaf = DeviceLeaf(rawValue: levels[3]), levels[0] == Self.shard(of: id)
            else { return nil }
            return .device(id, leaf)
        case 3:
            guard isName(levels[1]) else { return nil }
            return switch (levels[0], levels[2]) {
            case ("channels", "order"): .order(channel: levels[1])
            case ("aggregators", "status"): .aggregatorStatus(levels[1])
            default: nil
            }
        default: return nil
        }
    }
}
