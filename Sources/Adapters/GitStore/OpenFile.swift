internal import Glibc

/// A file descriptor that closes itself.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// Opens `name` of a folder, or a path where there is no folder. Symbolic links at the last
    /// name are refused, and a FIFO does not block.
    init(_ name: String, of folder: borrowing OpenFile, flags: Int32) throws(GitError) {
        try self.init(folder.descriptor, name, path: "\(folder.path)/\(name)", flags, mode: 0)
    }

    init(path: String, flags: Int32, mode: mode_t = 0) throws(GitError) {
        try self.init(AT_FDCWD, path, path: path, flags, mode: mode)
    }

    private init(
        _ folder: Int32, _ name: String, path: String, _ flags: Int32, mode: mode_t
    ) throws(GitError) {
        let guarded = flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let opened = unsafe openat(folder, name, guarded, mode)
        guard opened >= 0 else { throw GitError.system("open", path, errno: errno) }
        descriptor = opened
        self.path = path
    }

    deinit { close(descriptor) }

    func status() throws(GitError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw GitError.system("look at", path, errno: errno)
        }
        return status
    }

    /// Reads up to the buffer's size; 0 at the end.
    func read(into buffer: inout [UInt8]) throws(GitError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw GitError.system("read", path, errno: errno) }
        }
    }

    /// Up to `count` bytes from a place on; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws(GitError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = unsafe buffer.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
                return unsafe pread(descriptor, rest.baseAddress, rest.count, offset + filled)
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw GitError.system("read", path, errno: errno) }
            if got == 0 { break }
            filled += got
        }
        buffer.removeLast(count - filled)
        return buffer
    }

    func write(_ bytes: [UInt8]) throws(GitError) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            guard count >= 0 || errno == EINTR else {
                throw GitError.system("write", path, errno: errno)
            }
            start += max(count, 0)
        }
    }

    func makeDurable() throws(GitError) {
        guard fsync(descriptor) == 0 else { throw GitError.system("sync", path, errno: errno) }
    }

    /// The names in this folder, without `.` and `..`, in the order of their bytes.
    func names(limit: Int) throws(GitError) -> [String] {
        let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw GitError.system("list", path, errno: errno) }
        guard let stream = unsafe fdopendir(copy) else {
            let number = errno
            close(copy)
            throw GitError.system("list", path, errno: number)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw GitError.system("list", path, errno: errno) }
                return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    unsafe String(cString: text)
                }
            }
            if name == "." || name == ".." { continue }
            guard names.count < limit else {
                throw GitError(
                    .tooLarge, "list", path, "it has more than \(limit) entries; remove the folder")
            }
            names.append(name)
        }
    }
}

/// The whole of a small file; more than `limit` bytes are an error.
func contents(ofFile path: String, limit: Int) throws(GitError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw GitError.system("open", path, errno: errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var filled = 0
    while filled < bytes.count {
        let count = unsafe bytes.withUnsafeMutableBytes { all in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: all[filled...])
            return unsafe read(descriptor, rest.baseAddress, rest.count)
        }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw GitError.system("read", path, errno: errno) }
        if count == 0 { return Array(bytes[..<filled]) }
        filled += count
    }
    throw GitError(.tooLarge, "read", path, "it has more than \(limit) bytes")
}
