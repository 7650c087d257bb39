internal import CLinux
internal import FleetModel
internal import Glibc

/// How full the file system of a folder is.
package struct FileSystemSpace: Equatable, Sendable {
    /// Bytes that everybody together may use.
    package var size: Int
    /// Bytes that may still be written.
    package var free: Int
    /// What one small file takes.
    package var blockSize: Int
    /// Which file system it is.
    package var device: UInt64

    package init(size: Int, free: Int, blockSize: Int = 4_096, device: UInt64 = 0) {
        self.size = size
        self.free = free
        self.blockSize = blockSize
        self.device = device
    }
}

extension Root {
    /// The bytes that may still be written on the file system of a folder.
    package func freeBytes(at folder: String) throws(SystemError) -> Int {
        var status = statvfs()
        let path = hostPath(of: folder)
        try systemCall("examine", path) { unsafe statvfs(path, &status) }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    package func space(at folder: String) throws(SystemError) -> FileSystemSpace {
        let folder = try openFolder(folder, to: "examine")
        let (descriptor, path) = (folder.raw, folder.path)
        var status = statvfs()
        try systemCall("examine", path) { unsafe fstatvfs(descriptor, &status) }
        let block = Int(status.f_frsize)
        // Blocks that only root may use are nobody's to count on.
        let used = Int(status.f_blocks) - Int(status.f_bfree)
        return FileSystemSpace(
            size: (used + Int(status.f_bavail)) * block, free: Int(status.f_bavail) * block,
            blockSize: block, device: try folder.status().device)
    }

    /// The bytes that a folder and all below it take on the disk; 0 where nothing stands. A file with
    /// several names counts once. Links are not followed.
    package func diskUsage(of path: String) throws(SystemError) -> Int {
        do throws(SystemError) {
            let folder = try openFolder(path, to: "measure")
            var counted: Set<UInt64> = []
            return try bytes(below: folder, path: path, &counted, depth: 0)
        } catch {
            if error.isMissing { return 0 }
            throw error
        }
    }
}

private func bytes(
    below folder: borrowing FileDescriptor, path: String, _ counted: inout Set<UInt64>, depth: Int
) throws(SystemError) -> Int {
    var total = try ownBytes(of: folder)
    guard depth < Limits.treeDepth * 2 else {
        throw SystemError(
            operation: "measure", path: path, code: ELOOP, advice: "its folders are nested too deep"
        )
    }
    let descriptor = folder.raw
    for name in try entryNames(of: folder, path: path, limit: 1_000_000) {
        var record = stat()
        let result = unsafe name.withPointer {
            unsafe fstatat(descriptor, $0, &record, AT_SYMLINK_NOFOLLOW)
        }
        guard result == 0 else {
            // It went while it was looked at.
            if errno == ENOENT { continue }
            throw SystemError(operation: "measure", path: path, code: errno)
        }
        guard record.st_mode & S_IFMT == S_IFDIR else {
            if record.st_nlink > 1, !counted.insert(UInt64(record.st_ino)).inserted { continue }
            total += Int(record.st_blocks) * 512
            continue
        }
        let raw = try systemCall("measure", path) {
            unsafe name.withPointer {
                unsafe openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
        }
        let inner = FileDescriptor(owning: raw, path: path)
        total += try bytes(
            below: inner, path: DevicePath.join(path, name.text), &counted, depth: depth + 1)
    }
    return total
}

private func ownBytes(of folder: borrowing FileDescriptor) throws(SystemError) -> Int {
    var record = stat()
    let descriptor = folder.raw
    try systemCall("measure", folder.path) { unsafe fstat(descriptor, &record) }
    return Int(record.st_blocks) * 512
}
