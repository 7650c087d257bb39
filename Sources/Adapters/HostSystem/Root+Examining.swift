internal import CLinux
internal import Glibc

extension Root {
    /// What stands at a path; a link is told as a link. Nil where nothing stands.
    package func status(of path: String) throws(SystemError) -> FileStatus? {
        if path == "/" { return try rootStatus() }
        do throws(SystemError) {
            let place = try openParent(of: path, to: "examine")
            return try place.status()
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    package func exists(_ path: String) throws(SystemError) -> Bool {
        try status(of: path) != nil
    }

    /// The text of a symbolic link; nil where there is none.
    package func readLink(_ path: String) throws(SystemError) -> String? {
        do throws(SystemError) {
            let place = try openParent(of: path, to: "read the link")
            return try place.linkTarget()
        } catch {
            // EINVAL: there is something, but no link.
            if error.isMissing || error.code == EINVAL { return nil }
            throw error
        }
    }

    /// What the kernel says of a name besides its status.
    package struct Marks: Equatable, Sendable {
        /// Something is mounted at the name itself. The numbers of devices do not tell: what is
        /// bound from the same file system has the same one, and files of an overlay have several.
        package var isMountPoint: Bool
        /// Even root can't change or replace what stands there: `chattr +i` or `+a`.
        package var isImmutable: Bool
    }

    package func marks(of path: String) throws(SystemError) -> Marks {
        let attributes = try kernelAttributes(of: path)
        let locks = flotilla_attribute_immutable | flotilla_attribute_append_only
        return Marks(
            isMountPoint: attributes & flotilla_attribute_mount_root != 0,
            isImmutable: attributes & locks != 0)
    }

    package func isMountPoint(_ path: String) throws(SystemError) -> Bool {
        try marks(of: path).isMountPoint
    }

    private func kernelAttributes(of path: String) throws(SystemError) -> UInt64 {
        // The root folder is a name in itself.
        guard path != "/" else {
            let folder = try openFolder(path, to: "examine")
            return try kernelAttributes(of: ".", in: folder.raw, path)
        }
        let place = try openParent(of: path, to: "examine")
        return try kernelAttributes(of: place.name, in: place.folder.raw, path)
    }

    private func kernelAttributes(
        of name: String, in folder: Int32, _ path: String
    ) throws(SystemError) -> UInt64 {
        var attributes: UInt64 = 0
        try systemCall("examine", path) { unsafe flotilla_attributes(folder, name, &attributes) }
        return attributes
    }

    /// Whether the file system that holds a folder takes no changes.
    package func isReadOnly(_ folder: String) throws(SystemError) -> Bool {
        let folder = try openFolder(folder, to: "examine")
        let descriptor = folder.raw
        var record = statvfs()
        try systemCall("examine", folder.path) { unsafe fstatvfs(descriptor, &record) }
        return record.f_flag & UInt(ST_RDONLY) != 0
    }

    /// One name on the way to a path.
    package struct Step: Equatable, Sendable {
        package var path: String
        /// Nil where nothing stands.
        package var status: FileStatus?
        /// Where a symbolic link leads.
        package var linkTarget: String?
    }

    /// Everything on the way to `path` and itself, from `/` downwards. Ends at the first name that
    /// is not a folder.
    package func steps(to path: String) throws(SystemError) -> [Step] {
        var steps: [Step] = []
        for folder in DevicePath.ancestors(of: path) + [path] {
            let status = try status(of: folder)
            var step = Step(path: folder, status: status, linkTarget: nil)
            if status?.kind == .symbolicLink { step.linkTarget = try readLink(folder) }
            steps.append(step)
            if status?.kind != .directory { break }
        }
        return steps
    }
}

extension Root.Place {
    func status() throws(SystemError) -> FileStatus {
        var record = stat()
        let (descriptor, name) = (folder.raw, name)
        try systemCall("examine", path) {
            unsafe fstatat(descriptor, name, &record, AT_SYMLINK_NOFOLLOW)
        }
        return FileStatus(record)
    }

    func linkTarget() throws(SystemError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let (descriptor, name) = (folder.raw, name)
        let count = try systemCall("read the link", path) {
            unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe flotilla_readlinkat(descriptor, name, bytes.baseAddress, UInt(bytes.count))
            }
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
