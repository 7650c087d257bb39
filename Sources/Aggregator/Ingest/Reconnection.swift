internal import FleetModel
internal import NetworkStreams

/// When to connect next, and to which of the broker's addresses.
struct Reconnection {
    private let shortest: Duration
    private let slowest: Duration
    private var pause: Duration
    /// Nil while a connection is there or comes about.
    private(set) var due: Instant? = Instant(nanoseconds: 0)
    /// The addresses that were not tried since the name was looked up.
    private var addresses: [String] = []

    init(shortest: Duration, slowest: Duration) {
        self.shortest = shortest
        self.slowest = slowest
        pause = shortest
    }

    mutating func begin() { due = nil }

    mutating func nextAddress(
        _ lookUp: () throws(NetworkError) -> [String]
    ) throws(NetworkError) -> String {
        if addresses.isEmpty { addresses = try lookUp() }
        return addresses.removeFirst()
    }

    mutating func succeeded() {
        pause = shortest
        addresses = []
    }

    /// The next address at once; after the last one, and after a refusal, later and later.
    mutating func failed(at now: Instant, isRefusal: Bool) {
        if !addresses.isEmpty && !isRefusal {
            due = now
            return
        }
        due = now + pause
        pause = min(pause * 2, slowest)
    }
}
