/// Follows the packets in what a broker sends, before libmosquitto sees them: that one takes any
/// length, 256 MB too, and packets that a broker has no business to send.
struct PacketWatch {
    enum Fault: Error, Equatable, CustomStringConvertible {
        case tooLong(bytes: Int)
        case endlessLength
        case unexpected(type: UInt8)

        var description: String {
            switch self {
            case .tooLong(let bytes): "it sends a packet of \(bytes) bytes"
            case .endlessLength: "it sends a packet whose length has no end"
            case .unexpected(let type): "it sends a packet of type \(type), which is not expected"
            }
        }
    }

    private enum Place {
        case start
        case length(value: Int, scale: Int)
        case body(rest: Int)
    }

    private let limit: Int
    private var place = Place.start
    /// How many packets were seen to their end.
    private(set) var packets = 0
    private var isWelcomed = false

    /// No packet may have more bytes than `limit` behind its length.
    init(limit: Int) { self.limit = limit }

    /// The next bytes. After a fault it must not be used any more.
    mutating func see(_ bytes: Span<UInt8>) throws(Fault) {
        var index = 0
        while index < bytes.count {
            switch place {
            case .start:
                try begin(bytes[index])
                index += 1
            case .length(let value, let scale):
                try measure(bytes[index], value, scale)
                index += 1
            case .body(let rest):
                let here = min(rest, bytes.count - index)
                index += here
                if here == rest { finish() } else { place = .body(rest: rest - here) }
            }
        }
    }

    /// Packet types that a broker may send to us, by their number in MQTT.
    private enum Kind {
        static let connack: UInt8 = 2
        static let publish: UInt8 = 3
        static let puback: UInt8 = 4
        static let suback: UInt8 = 9
        static let pingresp: UInt8 = 13
        static let disconnect: UInt8 = 14
    }

    private mutating func begin(_ byte: UInt8) throws(Fault) {
        let type = byte >> 4
        switch type {
        // The welcome comes first, and once.
        case Kind.connack where !isWelcomed: isWelcomed = true
        // We subscribe with quality 1, so nothing comes with more.
        case Kind.publish where isWelcomed && byte & 0b0110 <= 0b0010: break
        case Kind.puback where isWelcomed, Kind.suback where isWelcomed,
            Kind.pingresp where isWelcomed, Kind.disconnect:
            break
        default: throw .unexpected(type: type)
        }
        place = .length(value: 0, scale: 1)
    }

    private mutating func measure(_ byte: UInt8, _ value: Int, _ scale: Int) throws(Fault) {
        let sum = value + Int(byte & 0x7f) * scale
        guard sum <= limit else { throw .tooLong(bytes: sum) }
        if byte & 0x80 != 0 {
            guard scale < 128 * 128 * 128 else { throw .endlessLength }
            place = .length(value: sum, scale: scale * 128)
        } else if sum == 0 {
            finish()
        } else {
            place = .body(rest: sum)
        }
    }

    private mutating func finish() {
        packets += 1
        place = .start
    }
}
