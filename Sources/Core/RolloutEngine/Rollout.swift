package import FleetModel
package import WireMessages

/// The state of one rollout: which waves are open since when. What became of the devices is not in
/// it, for that is read from the whole fleet each time.
package struct Rollout: Equatable, Sendable {
    /// A wave that is open.
    package struct OpenWave: Equatable, Sendable {
        package var opened: Instant
        /// The order that opened it.
        package var sequence: Int64
        /// Devices that match are let in where their position is below, or all of them.
        package var below: UInt64
        package var isWhole: Bool
        /// Devices that come first, whatever their position: the last rollout left them unfinished.
        package var leaders: [DeviceID]
        /// Affected devices that it let in when it opened, beside those of earlier waves.
        package var size: Int

        package init(
            opened: Instant, sequence: Int64, below: UInt64, isWhole: Bool,
            leaders: [DeviceID] = [], size: Int
        ) {
            self.opened = opened
            self.sequence = sequence
            self.below = below
            self.isWhole = isWhole
            self.leaders = leaders
            self.size = size
        }
    }

    package let release: RolloutRelease
    package var standing: Order.Standing
    package let began: Instant
    /// When the standing last changed, and why.
    package var since: Instant
    package var reason: String
    /// The first ones of `allWaves`.
    package var openWaves: [OpenWave] = []
    /// When the order last began to let devices begin.
    package var openSince: Instant
    /// Since when it lets nobody begin; nil while it does.
    package var closedAt: Instant?
    /// Since when all devices of the open waves have been well; nil while they are not.
    package var wellSince: Instant?
    /// Failures that were heard until then are forgiven: an operator went on in spite of them.
    package var forgivenUntil: Instant?
    /// Devices of which nothing was heard since then are not missed: an operator went on without
    /// them.
    package var missedUntil: Instant?
    /// Devices that the last rollout left unfinished: they come first.
    package var leaders: [DeviceID] = []
    package var isReplaced = false

    package init(_ release: RolloutRelease, began: Instant, reason: String = "") {
        self.release = release
        standing = .rolling
        self.began = began
        since = began
        openSince = began
        self.reason = reason
    }

    package var plan: RolloutManifest { release.manifest ?? RolloutManifest() }
    /// Whether devices wait for orders.
    package var needsOrders: Bool { release.manifest != nil }
    package var allWaves: [RolloutManifest.Wave] { plan.allWaves }
    package var isWhollyOpen: Bool { openWaves.count == allWaves.count }
    /// Whether it may still come to more devices.
    package var isUnfinished: Bool { standing == .rolling || standing == .paused }
    /// Whether a release that waited may begin. One that was made before a halt was not made to mend
    /// it, and may well hold the same fault: it waits until somebody has looked.
    package var isOver: Bool { standing == .complete || standing == .aborted }
}
