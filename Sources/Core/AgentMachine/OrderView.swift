package import FleetModel

/// What the newest believed order means on this device. Times are monotonic.
package struct OrderView: Equatable, Sendable {
    /// The release whose waves it opens or closes.
    package var release: Revision
    /// The channel's tip as the aggregator knows it: a hint to fetch.
    package var tip: Revision
    /// This device may have the release.
    package var isOpen: Bool
    /// Not to be begun before, so that a wave is no stampede.
    package var startAt: Instant
    /// Not to be begun any more after this.
    package var startBefore: Instant

    package init(
        release: Revision, tip: Revision, isOpen: Bool, startAt: Instant, startBefore: Instant
    ) {
        self.release = release
        self.tip = tip
        self.isOpen = isOpen
        self.startAt = startAt
        self.startBefore = startBefore
    }
}

/// What of an order was looked at last, so that one order is looked at once, however often it is
/// repeated, and one that opens again is looked at again.
struct OrderAttention: Equatable, Sendable {
    var tip: Revision
    var opened: Revision?
}
