internal import Digests
internal import FleetModel
internal import Synchronization

/// Who logged in by the form stays so by a cookie: its end, a random number, and a code over both
/// that only who has the token can make. So a session survives a restart, ends with its token, and
/// the cookie never holds the token itself.
final class Sessions: Sendable {
    private let key: [UInt8]
    private let duration: Duration
    /// Those that logged out, by their random number, until they would have ended anyway.
    private let ended = Mutex<[String: Instant]>([:])

    /// Logging out needs a session, and nobody has this many.
    private static let endedLimit = 10_000

    init(token: AccessToken, duration: Duration) {
        key = HMAC.code(of: "flotilla session".utf8, key: token.secret)
        self.duration = duration
    }

    /// A new session's cookie value.
    func begin(at now: Instant) -> String {
        var generator = SystemRandomNumberGenerator()
        let number = Hex.encode(
            (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        let end = (now + duration).seconds
        return "\(end).\(number).\(code(end, number))"
    }

    func isGood(_ cookie: some StringProtocol, at now: Instant) -> Bool {
        guard let session = read(cookie), now < Instant(seconds: session.end) else { return false }
        return ended.withLock { $0[session.number] == nil }
    }

    func end(_ cookie: some StringProtocol, at now: Instant) {
        guard let session = read(cookie), now < Instant(seconds: session.end) else { return }
        ended.withLock { ended in
            ended = ended.filter { now < $0.value }
            if ended.count < Self.endedLimit {
                ended[session.number] = Instant(seconds: session.end)
            }
        }
    }

    private func read(_ cookie: some StringProtocol) -> (end: Int64, number: String)? {
        guard cookie.utf8.count <= 256 else { return nil }
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let end = Int64(parts[0]) else { return nil }
        let number = String(parts[1])
        guard isSame(Array(parts[2].utf8), Array(code(end, number).utf8)) else { return nil }
        return (end, number)
    }

    private func code(_ end: Int64, _ number: String) -> String {
        Hex.encode(HMAC.code(of: "\(end).\(number)".utf8, key: key))
    }
}
