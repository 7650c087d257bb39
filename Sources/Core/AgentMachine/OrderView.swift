package import FleetModel

/// What the newest believed order means on this device. Times are monotonic.
package struct OrderView: Equatable, Sendable {
    /// The release whose content it opens or closes.
    package var release: Revision
    /// The channel's tip as the aggregator knows it: a hint to fetch.
    package var tip: Revision
    /// This device may have the release.
    package var isOpen: Bool
    /// Not to be begun before, so that a wave is no stampede.
    package var startAt: Instant
    /// Not to be begun from then on, unless the order is renewed.
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

    /// Whether it lets `release` in at all, whenever.
    func lets(_ release: Revision) -> Bool { isOpen && self.release == release }
}
