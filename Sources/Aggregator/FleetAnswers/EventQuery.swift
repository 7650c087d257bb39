package import FleetModel

/// Which events somebody wants to see.
package struct EventQuery: Equatable, Sendable {
    /// Those with a greater number, the first ones; nil for the newest ones.
    package var after: Int64?
    package var device: DeviceID?
    package var limit: Int

    package static let limits = 1...1_000
    package static let defaultLimit = 100

    package init(
        after: Int64? = nil, device: DeviceID? = nil, limit: Int = Self.defaultLimit
    ) {
        self.after = after
        self.device = device
        self.limit = limit
    }
}
