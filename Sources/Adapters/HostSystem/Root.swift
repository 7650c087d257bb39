internal import CLinux
internal import Glibc

/// The folder below which everything of a device stands: `/` in production, `--root DIR` in images,
/// tests and the demo.
///
/// Every path is absolute and as the device names it. Folders are opened by the kernel without
/// following a single symbolic link and never above the root, and the last name of a path is never
/// followed: who may write somewhere can't redirect a root process elsewhere.
package struct Root: Sendable {
    /// Where it stands on this machine.
    package let hostPath: String
    private let folder: OpenFolder
    private let watcher: ChangeWatcher?
    private let folders: FolderMemory?

    /// Asked before each single change, with what is going to happen to which path. What it throws
    /// is thrown instead of the change: tests end a process that way between any two of them.
    package typealias ChangeWatcher =
        @Sendable (_ operation: String, _ path: String) throws(SystemError) -> Void

    package init(_ hostPath: String, watcher: ChangeWatcher? = nil) throws(SystemError) {
        let raw = try systemCall("open", hostPath) {
            unsafe open(hostPath, flotilla_o_path | O_DIRECTORY | O_CLOEXEC)
        }
        self.hostPath = hostPath
        folder = OpenFolder(raw: raw)
        self.watcher = watcher
        folders = nil
    }

    private init(_ root: Root, _ folders: FolderMemory) {
        hostPath = root.hostPath
        folder = root.folder
        watcher = root.watcher
        self.folders = folders
    }

    /// The same root for one piece of work on many paths: it keeps the folders open that were used
    /// last. Whoever holds it for longer holds file systems that cannot be unmounted.
    package func keepingFolders() -> Root { Root(self, FolderMemory()) }

    func willChange(_ operation: String, _ path: String) throws(SystemError) {
        folders?.forget(before: operation, at: path)
        try watcher?(operation, path)
    }

    /// Where a path of the device stands on this machine, for commands and messages.
    package func hostPath(of path: String) -> String {
        let prefix = hostPath.utf8.last == UInt8(ascii: "/") ? hostPath.dropLast() : hostPath[...]
        return path == "/" && prefix.isEmpty ? "/" : prefix + (path == "/" ? "" : path)
    }

    /// A folder and a name in it: what every call on a path needs.
    package struct Place: ~Copyable {
        package let folder: FileDescriptor
        package let name: String
        let path: String
    }

    /// Opens the folder that holds `path`.
    package func openParent(of path: String, to operation: String) throws(SystemError) -> Place {
        guard path != "/" else {
            throw SystemError(operation: operation, path: path, code: EBUSY)
        }
        let parent = DevicePath.parent(of: path)
        guard let folders else {
            let descriptor = try openFolder(parent, flotilla_o_path, to: operation, path)
            return Place(folder: descriptor, name: DevicePath.name(of: path), path: path)
        }
        if let known = folders.folder(at: parent), DevicePath.isNormalised(path) {
            return Place(
                folder: FileDescriptor(sharing: known, path: parent),
                name: DevicePath.name(of: path), path: path)
        }
        let opened = OpenFolder(
            raw: try openRawFolder(parent, flotilla_o_path, to: operation, path))
        folders.keep(opened, at: parent)
        return Place(
            folder: FileDescriptor(sharing: opened, path: parent),
            name: DevicePath.name(of: path), path: path)
    }

    /// Opens a folder itself, for its entries and for `fsync`.
    func openFolder(_ path: String, to operation: String) throws(SystemError) -> FileDescriptor {
        try openFolder(path, O_RDONLY, to: operation, path)
    }

    private func openFolder(
        _ path: String, _ access: Int32, to operation: String, _ subject: String
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try openRawFolder(path, access, to: operation, subject), path: path)
    }

    private func openRawFolder(
        _ path: String, _ access: Int32, to operation: String, _ subject: String
    ) throws(SystemError) -> Int32 {
        guard DevicePath.isNormalised(path), DevicePath.isNormalised(subject) else {
            throw SystemError(
                operation: operation, path: subject, code: EINVAL,
                advice: "write the path absolute, without . or .. or double slashes")
        }
        let flags = access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let relative = path == "/" ? "." : String(path.dropFirst())
        let rules = UInt64(RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
        do throws(SystemError) {
            return try systemCall(operation, subject) {
                unsafe flotilla_openat2(
                    folder.raw, relative, UInt64(UInt32(bitPattern: flags)), 0, rules)
            }
        } catch {
            if error.code == ENOSYS {
                return try walk(to: path, access: flags, operation: operation, subject: subject)
                    .release()
            }
            throw explained(error, folder: path)
        }
    }

    /// The same by hand, for kernels before 5.6: one name at a time, no link followed.
    func walk(
        to path: String, access flags: Int32, operation: String, subject: String
    ) throws(SystemError) -> FileDescriptor {
        let path = path
        let start = try systemCall(operation, subject) {
            unsafe openat(folder.raw, ".", flags)
        }
        var descriptor = FileDescriptor(owning: start, path: path)
        for name in DevicePath.names(of: path) {
            let raw = descriptor.raw
            let name = String(name)
            do throws(SystemError) {
                let next = try systemCall(operation, subject) { unsafe openat(raw, name, flags) }
                descriptor = FileDescriptor(owning: next, path: path)
            } catch {
                // O_DIRECTORY with O_NOFOLLOW calls a link "not a directory".
                throw explained(error, folder: path)
            }
        }
        return descriptor
    }

    /// Names the symbolic link in the way, and where to write instead.
    private func explained(_ error: SystemError, folder path: String) -> SystemError {
        guard error.code == ELOOP || error.code == ENOTDIR,
            let link = (try? steps(to: path))?.last, let target = link.linkTarget
        else { return error }
        var error = error
        error.code = ELOOP
        let rest = String(error.path.dropFirst(link.path.utf8.count))
        let real = DevicePath.resolve(target, from: DevicePath.parent(of: link.path)) + rest
        error.advice =
            "\(link.path) is a symbolic link to \(target), and links are not followed: "
            + "use \(real) instead"
        return error
    }

    /// What stands at the root itself.
    func rootStatus() throws(SystemError) -> FileStatus {
        var record = stat()
        try systemCall("examine", hostPath) { unsafe fstat(folder.raw, &record) }
        return FileStatus(record)
    }
}

/// Shares one descriptor among those who need the folder.
final class OpenFolder: Sendable {
    let raw: Int32

    init(raw: Int32) { self.raw = raw }

    deinit { _ = close(raw) }
}

extension DevicePath {
    /// The path that a link's text means, by names alone.
    package static func resolve(_ target: String, from folder: String) -> String {
        let isAbsolute = target.utf8.first == UInt8(ascii: "/")
        var names = isAbsolute ? [] : names(of: folder)
        for name in target.split(separator: "/") where name != "." {
            if name == ".." {
                _ = names.popLast()
            } else {
                names.append(name)
            }
        }
        return "/" + names.joined(separator: "/")
    }
}
