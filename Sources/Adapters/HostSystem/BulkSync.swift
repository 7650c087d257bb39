internal import CLinux
internal import Glibc

/// Makes what is written durable: the first few files one by one, and many by one call for each file
/// system that they are on.
///
/// `syncfs` for a thousand files is as safe as a thousand `fsync` where three things hold, and only
/// there it is used: the kernel tells it of bytes that could not be written (Linux 5.8), the
/// descriptor was open before the first of them was written (an error is told to who was there when
/// it happened), and the file system writes everything out when it is asked to, which FUSE does not.
/// Nobody may rely on the files before `synchronise` returns: so it is for what is staged, and not
/// for what is renamed over a file in use.
///
/// It waits for everybody's bytes on that file system, so a few files are not worth it.
package final class BulkSync {
    /// So many files are synchronised by themselves.
    package static let few = 8

    private let root: Root
    private let isTold: Bool
    private var files = 0
    private var hasDeferred = false
    private var systems: [UInt64: FileSystem] = [:]
    /// Whether a folder is on a file system that can be synchronised as a whole.
    private var folders: [String: Bool] = [:]

    private final class FileSystem {
        let folder: FileDescriptor
        init(_ folder: consuming FileDescriptor) { self.folder = folder }
    }

    /// `kernelTells`: whether this kernel's `syncfs` says that bytes were lost.
    package init(root: Root, kernelTells: Bool = Kernel.tellsLostWrites) {
        self.root = root
        isTold = kernelTells
    }

    /// To be asked before each file is written: whether it must be synchronised by itself.
    package func mustSync(in folder: String) throws(SystemError) -> Bool {
        files += 1
        guard files > Self.few, isTold, try canBeDeferred(folder) else { return true }
        hasDeferred = true
        return false
    }

    private func canBeDeferred(_ folder: String) throws(SystemError) -> Bool {
        if let known = folders[folder] { return known }
        let descriptor = try root.openFolder(folder, to: "synchronise")
        let device = try descriptor.status().device
        let can =
            systems[device] != nil
            || Self.writesEverything(flotilla_file_system_kind(descriptor.raw))
        if can, systems[device] == nil { systems[device] = FileSystem(descriptor) }
        folders[folder] = can
        return can
    }

    /// Returns when all files that were asked for, and the names in these folders, are on the disk.
    package func synchronise(_ names: Set<String>) throws(SystemError) {
        let covered = hasDeferred
        if hasDeferred {
            for (_, system) in systems.sorted(by: { $0.key < $1.key }) {
                let (descriptor, path) = (system.folder.raw, system.folder.path)
                try root.willChange("synchronise", path)
                try systemCall("synchronise the file system of", path) {
                    flotilla_syncfs(descriptor)
                }
            }
            hasDeferred = false
        }
        for folder in names.sorted() where !(covered && folders[folder] == true) {
            try root.syncFolder(folder)
        }
    }

    /// ext2 to ext4, xfs, btrfs, f2fs, ubifs, vfat, tmpfs, and overlays of them.
    private static func writesEverything(_ kind: Int) -> Bool {
        [
            0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x2405_1905, 0x4d44, 0x0102_1994,
            0x794c_7630,
        ].contains(kind & 0xffff_ffff)
    }
}

/// The kernel that this process runs on.
package enum Kernel {
    /// Whether `syncfs` says that bytes were lost: since Linux 5.8.
    package static let tellsLostWrites = isRelease(release, atLeast: (5, 8))

    private static var release: String {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { return "" }
        return unsafe withUnsafeBytes(of: &name.release) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    static func isRelease(_ release: String, atLeast wanted: (Int, Int)) -> Bool {
        let numbers = release.split(separator: ".").prefix(2).map { part in
            Int(String(decoding: part.utf8.prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
        }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else {
            return false
        }
        return (major, minor) >= wanted
    }
}
