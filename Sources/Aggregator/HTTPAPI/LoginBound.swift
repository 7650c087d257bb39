internal import FleetModel
internal import Synchronization

/// How often somebody may guess. A token that the aggregator made can't be guessed; one that a
/// person chose might be.
final class LoginBound: Sendable {
    private struct Guesses {
        var count: Int
        var windowEnd: Instant
    }

    private let limit: Int
    private let window: Duration
    private let guesses = Mutex<[String: Guesses]>([:])

    /// With so many addresses in a window, all further ones count as one.
    private static let addressLimit = 4_096

    init(limit: Int, window: Duration) {
        self.limit = limit
        self.window = window
    }

    /// Takes one guess of this address; how long to wait where it has none left.
    func take(_ address: String, at now: Instant) -> Duration? {
        guesses.withLock { guesses in
            if guesses.count >= Self.addressLimit {
                guesses = guesses.filter { now < $0.value.windowEnd }
            }
            let key =
                guesses[address] == nil && guesses.count >= Self.addressLimit ? "others" : address
            var mine = guesses[key] ?? Guesses(count: 0, windowEnd: now + window)
            if now >= mine.windowEnd { mine = Guesses(count: 0, windowEnd: now + window) }
            mine.count += 1
            guesses[key] = mine
            return mine.count > limit ? mine.windowEnd - now : nil
        }
    }

    /// Whoever knows the token has nothing to guess.
    func forget(_ address: String) { guesses.withLock { $0[address] = nil } }
}
