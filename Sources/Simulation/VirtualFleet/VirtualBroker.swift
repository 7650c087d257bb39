internal import FleetModel
internal import WireMessages

/// What a broker holds: who is connected, and what it keeps for those who come later.
struct VirtualBroker {
    struct Session {
        var number: Int
        var will: Presence?
    }

    var isUp = true
    /// Raised by each restart.
    var life = 0
    /// By device.
    var sessions: [Int: Session] = [:]
    /// Sessions that listen to orders and acknowledgements.
    var listeners: Set<Int> = []
    var presences: [Int: Presence] = [:]
    var states: [Int: ReportedState] = [:]
    var order: SignedMessage?
    /// The aggregator's process that is connected.
    var aggregator: Int?
    private var lastSession = 0

    mutating func newSession() -> Int {
        lastSession += 1
        return lastSession
    }

    /// All connections end. What was kept may be gone: a broker that is killed has lost what it had
    /// not written.
    mutating func restart(losingWhatItKept: Bool) {
        life += 1
        isUp = false
        sessions = [:]
        listeners = []
        aggregator = nil
        guard losingWhatItKept else { return }
        presences = [:]
        states = [:]
        order = nil
    }
}
