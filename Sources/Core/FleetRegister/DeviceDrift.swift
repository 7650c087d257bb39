package import Digests
package import FleetModel
package import RolloutEngine
internal import WireMessages

/// A device that is not as it should be, though no rollout is about to change it.
package struct DeviceDrift: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable, CaseIterable {
        /// Managed paths differ from the device's own generation.
        case files
        /// The device has something else than what it should have.
        case digest
    }

    package var id: DeviceID
    package var kind: Kind
    /// Paths that differ; 0 where the digest does.
    package var count: Int
    /// The first ones.
    package var paths: [String]
    package var since: Instant?
    package var expected: ContentDigest?
    package var digest: ContentDigest?
}

extension DeviceRegister {
    /// All drift of the fleet, in the order of the devices' ids; a device may have both kinds.
    ///
    /// - Parameters:
    ///   - rollout: The current one. While it is not complete, who has not come to it is no drift.
    ///   - places: Of the report on this register's fleet under it.
    package func drift(
        in rollout: Rollout?, places: [RolloutReport.Place]
    ) -> [DeviceDrift] {
        var drifts: [DeviceDrift] = []
        for (row, place) in zip(rows, places) {
            guard let state = row.state else { continue }
            let expected = rollout.flatMap { row.expectedDigest(under: $0.release.revision) }
            if state.drift.count > 0 {
                drifts.append(
                    DeviceDrift(
                        id: row.id, kind: .files, count: state.drift.count,
                        paths: state.drift.paths, since: state.drift.since, expected: expected,
                        digest: state.digest))
            }
            let isExpectedToMove = place.standing == .moving || place.standing == .waiting
            guard let rollout, rollout.standing == .complete, !isExpectedToMove, row.isSettled,
                state.channel == channel.channel, let expected, expected != state.digest
            else { continue }
            drifts.append(
                DeviceDrift(
                    id: row.id, kind: .digest, count: 0, paths: [],
                    since: row.digestSince.map { max($0, rollout.since) }, expected: expected,
                    digest: state.digest))
        }
        return drifts.sorted { ($0.id, $0.kind.rawValue) < ($1.id, $1.kind.rawValue) }
    }
}

extension DeviceRow {
    package func expectedDigest(under release: Revision) -> ContentDigest? {
        guard case .digest(let digest)? = expectation(under: release) else { return nil }
        return digest
    }
}
