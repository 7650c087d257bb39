internal import FleetModel
internal import WireMessages

/// The devices' positions for one release. A hash for each device and look would be most of the
/// engine's work, so they are kept while the release is.
struct Positions: Sendable {
    private var tree: ObjectID
    private var salt: String
    private var known: [DeviceID: UInt64] = [:]

    init(of release: RolloutRelease) {
        tree = release.tree
        salt = release.salt
    }

    subscript(id: DeviceID) -> UInt64 {
        known[id] ?? Order.position(of: id, tree: tree, salt: salt)
    }

    /// Keeps the positions of these devices, and no others.
    mutating func keep(_ fleet: [FleetDevice]) {
        if known.count > 2 * fleet.count { known = [:] }
        for device in fleet where known[device.id] == nil {
            known[device.id] = Order.position(of: device.id, tree: tree, salt: salt)
        }
    }

    func isOf(_ release: RolloutRelease) -> Bool { tree == release.tree && salt == release.salt }
}

extension RolloutMachine {
    func positions(of rollout: Rollout, _ fleet: [FleetDevice]) -> Positions {
        if let positions, positions.isOf(rollout.release) { return positions }
        return Positions(of: rollout.release)
    }
}
