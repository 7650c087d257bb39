internal import FleetModel
package import HostSystem

/// Bytes that are going to be written to the file system of a folder.
package struct SpaceNeed: Equatable, Sendable {
    package var folder: String
    package var bytes: Int

    package init(folder: String, bytes: Int) {
        self.folder = folder
        self.bytes = bytes
    }
}

/// How much of the disk the agent may take. Two bounds, both asked before anything is written:
///
/// - what stands below `/var/lib/flotilla` stays within `maxDisk`;
/// - every file system that a release writes to keeps a reserve for everybody else: a tenth of it,
///   or 32 MiB where a tenth is more. A device whose large disk is nearly full still gets the
///   release that repairs it, and one with a small flash is never filled to its brim.
///
/// Only what is new is measured by it. The way back is not: it is tried whatever room there is.
package struct DiskBudget: Sendable {
    package static let reserveBytes = 32 << 20
    private let root: Root
    private let maxDisk: Int

    package init(of root: Root, maxDisk: Int64) {
        self.root = root
        self.maxDisk = Int(clamping: maxDisk)
    }

    /// What others may count on, of a file system of that size.
    package static func reserve(ofSize size: Int) -> Int { min(size / 10, reserveBytes) }

    /// Bytes that may still be written below the state folder.
    package func room() throws(SystemError) -> Int {
        let space = try root.space(at: StateLayout.state)
        let own = maxDisk - (try root.diskUsage(of: StateLayout.state))
        return max(0, min(own, space.free - Self.reserve(ofSize: space.size)))
    }

    /// Why there is no room for all of that; nil where there is.
    package func objection(to needs: [SpaceNeed]) throws(SystemError) -> String? {
        let state = try root.space(at: StateLayout.state)
        var ownBytes = 0
        var needed: [UInt64: (folder: String, space: FileSystemSpace, bytes: Int)] = [:]
        for need in needs where need.bytes > 0 {
            let space = try root.space(at: need.folder)
            needed[space.device, default: (need.folder, space, 0)].bytes += need.bytes
            if DevicePath.isAt(need.folder, orBelow: StateLayout.state) { ownBytes += need.bytes }
        }
        let used = ownBytes > 0 ? try root.diskUsage(of: StateLayout.state) : 0
        if ownBytes > 0, used + ownBytes > maxDisk {
            return
                "\(StateLayout.state) would take \(Self.text(used + ownBytes)), and `maxDisk` is "
                + "\(Self.text(maxDisk)): \(Self.text(used)) are in use and "
                + "\(Self.text(ownBytes)) more are needed. Raise `maxDisk` in "
                + "\(StateLayout.configuration), or make the release smaller."
        }
        for (folder, space, bytes) in needed.values.sorted(by: { $0.folder < $1.folder }) {
            let reserve = Self.reserve(ofSize: space.size)
            if space.free - bytes >= reserve { continue }
            let place = space.device == state.device ? StateLayout.state : folder
            return "the file system of \(place) has \(Self.text(space.free)) free of "
                + "\(Self.text(space.size)), and \(Self.text(bytes)) are needed: "
                + "\(Self.text(reserve)) of it stay free for others. Make room there."
        }
        return nil
    }

    private static func text(_ bytes: Int) -> String {
        bytes >= 10 << 20
            ? "\(bytes >> 20) MiB" : bytes >= 10 << 10 ? "\(bytes >> 10) KiB" : "\(bytes) B"
    }
}
