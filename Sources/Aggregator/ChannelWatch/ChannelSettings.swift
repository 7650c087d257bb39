package import FleetModel

/// Which channel is watched, and where what is known of it stands.
package struct ChannelSettings: Sendable {
    package var channel: ChannelName
    /// A folder of its own: the repository, what arrives, and the trust head.
    package var folder: String
    /// The first trust, as on a device: what `flotilla anchor` prints.
    package var anchorFile: String
    package var pollEvery: Duration
    /// The longest time between two looks after failures.
    package var slowestPoll: Duration = .seconds(900)
    /// What looks may be apart at least: a push hook can't keep the server busy.
    package var shortestGap: Duration = .milliseconds(200)

    package init(
        channel: ChannelName, folder: String, anchorFile: String,
        pollEvery: Duration = .seconds(60)
    ) {
        self.channel = channel
        self.folder = folder
        self.anchorFile = anchorFile
        self.pollEvery = pollEvery
    }

    /// How long after a look the next one is due, after so many failures in a row.
    func pause(afterFailures failures: Int) -> Duration {
        var pause = pollEvery
        for _ in 0..<min(failures, 16) where pause < slowestPoll { pause = pause * 2 }
        return failures == 0 ? pollEvery : max(pollEvery, min(pause, slowestPoll))
    }
}

/// What a fetch is to bring.
package struct FetchOrder: Equatable, Sendable {
    /// A folder that does not exist.
    package var incoming: String
    /// The objects of the own store, for reading.
    package var objects: String
    /// What need not be downloaded again.
    package var known: [Revision]
    /// Certificates are judged at this time where the clock is behind it.
    package var notBefore: Instant?
}

/// Downloads the channel's branch, and says what its tip is. Its own waits have deadlines, and it
/// ends soon after `isStopped` says so.
package protocol ChannelFetching: Sendable {
    func fetch(_ order: FetchOrder, isStopped: @Sendable () -> Bool) throws(ChannelFault)
        -> Revision
}
