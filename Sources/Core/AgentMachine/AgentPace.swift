internal import Digests
package import FleetModel

/// How often the agent does what. All delays are values, so that tests and simulations see them.
package struct AgentPace: Equatable, Sendable {
    /// Between two looks at Git while no broker tells us of news.
    package var fetchInterval: Duration
    /// Between two looks at Git while orders tell us of news.
    package var quietInterval: Duration
    /// Between two full scans for drift.
    package var scanInterval: Duration
    /// After the first failed fetch; doubled for each further one.
    package var firstRetry: Duration
    /// The longest time between two tries.
    package var longestRetry: Duration
    /// Before a release is tried again with which the device lost its link; doubled likewise. It
    /// costs two moves, and whoever could not be reached needs some time.
    package var firstReturn: Duration = .seconds(900)
    /// This device's own place within an interval, in thousandths: a fleet that was switched on
    /// at the same moment must not call at the same moment for ever.
    package var spread: Int

    package init(
        device: DeviceID, fetchInterval: Duration = .seconds(900),
        quietInterval: Duration = .seconds(86_400), scanInterval: Duration = .seconds(300),
        firstRetry: Duration = .seconds(30), longestRetry: Duration = .seconds(21_600)
    ) {
        self.fetchInterval = fetchInterval
        self.quietInterval = quietInterval
        self.scanInterval = scanInterval
        self.firstRetry = firstRetry
        self.longestRetry = longestRetry
        let hash = SHA256.hash(device.text.utf8).bytes
        spread = (Int(hash[0]) << 8 | Int(hash[1])) % 1_000
    }

    /// An interval stretched by up to a tenth, always the same for one device.
    func spreadOut(_ interval: Duration) -> Duration { interval + interval * spread / 10_000 }

    /// Between the first tries of what the disk refused: most of it is over in a moment.
    package static let soon: [Duration] = [.milliseconds(250), .seconds(1), .seconds(4)]

    /// This device's own place within an interval: all of a fleet's places fill it evenly.
    func place(within interval: Duration) -> Duration { interval * spread / 1_000 }

    /// How long to wait after `failures` tries in a row that failed.
    func retryDelay(after failures: Int) -> Duration { delay(firstRetry, after: failures) }

    /// How long to wait after the link was lost `losses` times in a row.
    func returnDelay(after losses: Int) -> Duration { delay(firstReturn, after: losses) }

    private func delay(_ first: Duration, after failures: Int) -> Duration {
        let doublings = min(max(failures - 1, 0), 16)
        return spreadOut(min(first * (1 << doublings), longestRetry))
    }
}
