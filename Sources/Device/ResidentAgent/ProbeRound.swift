internal import AgentMachine
internal import FleetModel

/// One round of checks: some answer at once, some are children, and systemd is asked for all units
/// together.
struct ProbeRound {
    /// A worker costs some 15 MB for a moment: a few at once are quick, all of them are too much
    /// for a small device.
    static let atOnce = 8
    /// Before a failed try is repeated: what was just coming up may be there.
    static let retryPause = Duration.milliseconds(500)

    /// What is to be tried next.
    enum Next: Equatable {
        case check(HealthCheck)
        case units([HealthCheck])
    }

    private var waiting: [HealthCheck]
    private var units: [HealthCheck]
    private var later: [(at: Instant, check: HealthCheck)] = []
    private var tries: [String: Int] = [:]
    private let count: Int
    private(set) var results: [CheckResult] = []

    init(_ checks: [HealthCheck]) {
        waiting = checks.filter { !$0.isOfUnit }.reversed()
        units = checks.filter(\.isOfUnit)
        count = checks.count
    }

    var isComplete: Bool { results.count == count }

    /// When a failed try is repeated.
    var retryAt: Instant? { later.map(\.at).min() }

    /// Nil when all have been started.
    mutating func takeNext() -> Next? {
        if !units.isEmpty {
            defer { units = [] }
            return .units(units)
        }
        return waiting.popLast().map { .check($0) }
    }

    /// Takes what one try of a check said: the result of this round, where no try is left.
    mutating func take(_ result: CheckResult, of check: HealthCheck, at now: Instant) {
        let tried = tries[check.id, default: 0]
        if result.passed || tried >= check.retries {
            results.append(result)
            return
        }
        tries[check.id] = tried + 1
        later.append((now + Self.retryPause, check))
    }

    /// Puts back what is to be tried again by now.
    ///
    /// - Returns: how many they are.
    mutating func resume(at now: Instant) -> Int {
        let due = later.filter { now >= $0.at }.map(\.check)
        later.removeAll { now >= $0.at }
        waiting += due.filter { !$0.isOfUnit }.reversed()
        units += due.filter(\.isOfUnit)
        return due.count
    }
}

extension HealthCheck {
    fileprivate var isOfUnit: Bool { if case .unit = probe { true } else { false } }
}
