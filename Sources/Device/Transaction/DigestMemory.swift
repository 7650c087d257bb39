internal import Digests
internal import FleetModel
internal import HostSystem

/// Digests of files, as long as nothing about a file has moved.
struct DigestMemory {
    private struct Fingerprint: Equatable {
        var inode: UInt64
        var device: UInt64
        var size: Int
        var modified: Instant
        var changed: Instant

        init(_ status: FileStatus) {
            inode = status.inode
            device = status.device
            size = status.size
            modified = status.modified
            changed = status.changed
        }
    }

    /// The kernel's time stamps move in steps: two writes in one step look alike. What changed this
    /// recently is hashed again the next time.
    private static let settled = Duration.seconds(2)

    private var known: [String: (fingerprint: Fingerprint, digest: ContentDigest)] = [:]

    /// Nil where the file has gone since its status was taken.
    mutating func digest(
        of path: String, status: FileStatus, root: Root
    ) throws(SystemError) -> ContentDigest? {
        let fingerprint = Fingerprint(status)
        if let (known, digest) = known[path], known == fingerprint { return digest }
        known[path] = nil
        let digest = try root.contentDigest(of: path)
        // A clock that runs behind the file's time stamps proves nothing, so nothing is kept.
        if let digest, Clocks.wall() - status.changed >= Self.settled {
            known[path] = (fingerprint, digest)
        }
        return digest
    }

    mutating func keep(_ paths: Set<String>) {
        known = known.filter { paths.contains($0.key) }
    }
}
