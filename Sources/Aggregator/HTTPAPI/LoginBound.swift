internal import FleetModel
internal import Synchronization

/// How many wrong tokens of an address are answered as such; then they are told to wait. It makes
/// guessers visible (429 in the metrics) and slows down polite ones. What keeps all of them out is
/// the token itself: at least 20 characters, and 32 random bytes where the aggregator made it.
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

    /// Counts a wrong token of this address; how long to wait where it has none left.
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
}
