package import FleetModel

/// What the newest believed order means on this device. Times are monotonic.
package struct OpenOrder: Equatable, Sendable {
    package var release: Revision
    /// The channel's tip as the aggregator knows it: a hint to fetch.
    package var tip: Revision
    /// This device may have the release.
    package var isOpen: Bool
    /// Within the order's spread; not to be begun before.
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

    /// Whether they differ by more than two clocks that are not quite as fast as each other.
    func differs(from other: OpenOrder) -> Bool {
        var other = other
        if Self.areClose(startAt, other.startAt) { other.startAt = startAt }
        if Self.areClose(startBefore, other.startBefore) { other.startBefore = startBefore }
        return self != other
    }

    private static func areClose(_ one: Instant, _ other: Instant) -> Bool {
        let distance = one - other
        return distance < .seconds(2) && distance > .seconds(-2)
    }
}
