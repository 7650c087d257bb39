internal import FleetAnswers
internal import Glibc
internal import NIOCore
internal import Synchronization

/// Who a connection comes from, as far as it is counted.
enum Peer: Hashable {
    /// Possibly a proxy, with many people behind it.
    case thisMachine
    case version4(UInt32)
    /// Its first 64 bits: who has one address of version 6 mostly has all that begin like it.
    case version6([UInt8])

    init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        if let bytes = Self.bytes(text, of: AF_INET, count: 4) {
            self.init(version4: bytes)
        } else if let bytes = Self.bytes(text, of: AF_INET6, count: 16) {
            self.init(version6: bytes)
        } else {
            return nil
        }
    }

    private static func bytes(_ text: String, of family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    private init(version4 bytes: [UInt8]) {
        let number = bytes.reduce(0) { $0 << 8 | UInt32($1) }
        self = number >> 24 == 127 ? .thisMachine : .version4(number)
    }

    private init(version6 bytes: [UInt8]) {
        let zeros = bytes.prefix { $0 == 0 }.count
        if zeros == 10, bytes[10] == 0xff, bytes[11] == 0xff {
            // Who listens on all of version 6 hears version 4 as well, written like this.
            self.init(version4: Array(bytes[12...]))
        } else if zeros == 15, bytes[15] == 1 {
            self = .thisMachine
        } else {
            self = .version6(Array(bytes[..<8]))
        }
    }
}

/// Who has how many connections, so that nobody takes all of them.
final class ConnectionDesk: Sendable {
    private struct State {
        var connections: [Peer: Int] = [:]
        var refused = 0
    }

    private let bounds: HTTPBounds
    private let state = Mutex(State())

    init(_ bounds: HTTPBounds) { self.bounds = bounds }

    /// Whether this one may be. Who may must `leave` once.
    func enter(_ peer: Peer) -> Bool {
        let limit =
            peer == .thisMachine
            ? bounds.connectionsOfThisMachine : bounds.connectionsOfAnAddress
        return state.withLock { state in
            guard state.connections[peer, default: 0] < limit else {
                state.refused += 1
                return false
            }
            state.connections[peer, default: 0] += 1
            return true
        }
    }

    func leave(_ peer: Peer) {
        state.withLock { state in
            let left = state.connections[peer, default: 0] - 1
            state.connections[peer] = left > 0 ? left : nil
        }
    }

    var metric: Metric {
        Metric(
            "flotilla_http_refused_connections_total",
            "Connections that were closed because their address had too many", .counter,
            Double(state.withLock { $0.refused }))
    }
}
