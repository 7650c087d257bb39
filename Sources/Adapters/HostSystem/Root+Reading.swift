package import Digests
internal import FleetModel
internal import Glibc

extension Root {
    /// The bytes of a regular file; nil where nothing stands. Anything but a regular file, and more
    /// than `limit` bytes, are errors.
    package func readFile(_ path: String, limit: Int) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            let file = try openFile(path)
            return try file.readAll(limit: limit)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// The bytes of a file of this machine; nil where nothing stands. Unlike everywhere else the
    /// folders above it may be links: whoever configures a server says where its files are.
    package static func contents(
        ofHostFile path: String, limit: Int
    ) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try Root(DevicePath.parent(of: path))
                .readFile("/" + DevicePath.name(of: path), limit: limit)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// The SHA-256 of a regular file's bytes; nil where nothing stands. Reads in parts, so that a
    /// large file needs no memory.
    package func contentDigest(
        of path: String, limit: Int = Limits.fileBytes
    ) throws(SystemError) -> ContentDigest? {
        do throws(SystemError) {
            let file = try openFile(path)
            return try file.contentDigest(limit: limit)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Opens a regular file for reading.
    package func openFile(_ path: String) throws(SystemError) -> FileDescriptor {
        let place = try openParent(of: path, to: "read")
        // Without O_NONBLOCK a pipe at this path would hold the process for ever.
        let file = try place.open(O_RDONLY | O_NONBLOCK | O_NOCTTY, to: "read")
        let kind = try file.status().kind
        guard kind == .file else {
            throw SystemError(
                operation: "read", path: path, code: kind == .directory ? EISDIR : EINVAL,
                advice: "it is a \(kind.rawValue), and a file was expected")
        }
        return file
    }
}

extension FileDescriptor {
    package func contentDigest(limit: Int) throws(SystemError) -> ContentDigest {
        var hasher = StreamedSHA256()
        var size = 0
        // One buffer for all parts, and a small one: most files are small.
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = try read(into: &buffer)
            if count == 0 { return hasher.finalize() }
            size += count
            if size > limit {
                throw SystemError(
                    operation: "read", path: path, code: EFBIG,
                    advice: "it is larger than \(limit) bytes")
            }
            hasher.update(buffer[..<count])
        }
    }
}

extension Root.Place {
    /// Opens the place itself; a symbolic link there is an error.
    func open(
        _ flags: Int32, mode: UInt32 = 0, to operation: String
    ) throws(SystemError) -> FileDescriptor {
        let (descriptor, name) = (folder.raw, name)
        let raw = try systemCall(operation, path) {
            unsafe openat(descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)
        }
        return FileDescriptor(owning: raw, path: path)
    }
}
