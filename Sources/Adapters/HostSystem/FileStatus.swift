package import FleetModel
internal import Glibc

/// A user and a group as the kernel knows them.
package struct FileOwner: Hashable, Sendable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    package static let root = FileOwner(user: 0, group: 0)
}

/// What the kernel knows about one file system object, never about what a link points to.
package struct FileStatus: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable {
        case file, directory
        case symbolicLink = "symbolic link"
        /// A device, a pipe or a socket.
        case other = "special file"
    }

    package var kind: Kind
    /// Permission bits, at most 0o7777.
    package var mode: UInt16
    package var owner: FileOwner
    package var size: Int
    package var inode: UInt64
    package var device: UInt64
    package var modified: Instant
    /// When the object itself last changed: content, mode, owner, links.
    package var changed: Instant
    package var linkCount: Int

    init(_ record: stat) {
        kind =
            switch record.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .symbolicLink
            default: .other
            }
        mode = UInt16(truncatingIfNeeded: record.st_mode & 0o7777)
        owner = FileOwner(user: record.st_uid, group: record.st_gid)
        size = Int(record.st_size)
        inode = UInt64(record.st_ino)
        device = UInt64(record.st_dev)
        modified = Instant(record.st_mtim)
        changed = Instant(record.st_ctim)
        linkCount = Int(record.st_nlink)
    }

    /// Whether somebody besides root and this process may change what it holds. A folder of that
    /// kind can't hold managed files: whoever may write it decides what stands at their paths.
    package var isWritableByOthers: Bool { Self.isWritableByOthers(mode: mode, owner: owner) }

    /// The same for a folder that is only planned.
    package static func isWritableByOthers(mode: UInt16, owner: FileOwner) -> Bool {
        let byGroup = mode & 0o020 != 0 && owner.group != 0 && owner.group != getegid()
        let byOwner = owner.user != 0 && owner.user != geteuid()
        return mode & 0o002 != 0 || byGroup || byOwner
    }
}

extension Instant {
    init(_ time: timespec) {
        self.init(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}
