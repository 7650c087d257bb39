internal import Digests
package import FleetModel

/// How patient the link is. All delays are values, so that tests and simulations see them.
package struct LinkPace: Equatable, Sendable {
    /// Name, connection and handshake, for each address.
    package var connectPatience = Duration.seconds(30)
    /// How long the addresses of the broker are believed.
    package var addressAge = Duration.seconds(3_600)
    /// After the first connection that failed or broke; doubled for each further one.
    package var firstRetry = Duration.seconds(1)
    package var longestRetry = Duration.seconds(600)
    /// A broker that says no will hardly say yes a second later.
    package var refusedRetry = Duration.seconds(60)
    /// What lived so long was a connection, and not one more failure.
    package var steady = Duration.seconds(60)
    /// How long a device without memory waits for what the broker kept of it.
    package var recallPatience = Duration.seconds(3)
    /// The state is told again though nothing changed.
    package var stateInterval = Duration.seconds(6 * 3_600)
    /// Between two changes of state that are told, when there are many.
    package var stateSpacing = Duration.seconds(10)
    /// So many changes are told at once before that.
    package var stateBurst = 24
    /// A change of nothing but the phase, or in the middle of a move, waits so long: most are over by
    /// then.
    package var phasePatience = Duration.seconds(1)
    /// A change of nothing but the newest order, which is renewed while a wave is open.
    package var orderPatience = Duration.seconds(60)
    /// When events were not acknowledged; doubled for each further time in a row.
    package var firstResend = Duration.seconds(30)
    package var longestResend = Duration.seconds(900)
    /// A new event does not wait longer than this for the acknowledgement of those before it.
    package var eventPatience = Duration.seconds(2)
    /// Between two fetches for orders that are signed by nobody we know.
    package var hintSpacing = Duration.seconds(60)
    /// No order for so long: somebody may be keeping them from us.
    package var orderAge = Duration.seconds(48 * 3_600)
    /// Git has so much time to give what an order names.
    package var tipPatience = Duration.seconds(600)
    /// A renewed order that says the same is written down after so long.
    package var orderKeeping = Duration.seconds(12 * 3_600)
    /// The clock may be set at any time; so often it is looked at again.
    package var clockPatience = Duration.seconds(60)
    /// Between two new epochs that the aggregator asks for.
    package var renewalSpacing = Duration.seconds(60)
    /// An orderly end waits so long for the broker.
    package var leavePatience = Duration.seconds(2)

    /// This device's own place, in thousandths, so that a fleet that lost its broker at one moment
    /// does not come back at one moment.
    private let hash: [UInt8]

    package init(device: DeviceID) {
        hash = SHA256.hash(device.text.utf8).bytes
        stateInterval += stateInterval * place(0) / 10_000
    }

    /// A fleet that gets its power back at one moment must not call at one moment.
    var startDelay: Duration { firstRetry * place(0) / 1_000 }

    /// How long to wait after `failures` failed connections in a row.
    func retryDelay(after failures: Int, isRefusal: Bool) -> Duration {
        jittered(doubled(isRefusal ? refusedRetry : firstRetry, failures, longestRetry), failures)
    }

    /// How long to wait for an acknowledgement after `silences` in a row.
    func resendDelay(after silences: Int) -> Duration {
        jittered(doubled(firstResend, silences + 1, longestResend), silences)
    }

    private func doubled(_ first: Duration, _ count: Int, _ longest: Duration) -> Duration {
        min(first * (1 << min(max(count - 1, 0), 16)), longest)
    }

    /// From half of it to one and a half; another place each time, always the same for one device.
    private func jittered(_ delay: Duration, _ count: Int) -> Duration {
        delay / 2 + delay * place(count) / 1_000
    }

    private func place(_ count: Int) -> Int {
        let index = 2 * (count % 16)
        return (Int(hash[index]) << 8 | Int(hash[index + 1])) % 1_000
    }
}
