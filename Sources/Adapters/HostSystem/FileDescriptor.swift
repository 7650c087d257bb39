internal import FleetModel
internal import Glibc

/// An open file, folder, pipe or other kernel object. Closed when it goes out of scope.
package struct FileDescriptor: ~Copyable {
    /// The kernel's number, for a poll loop. It must not outlive this value.
    package let raw: Int32
    /// What error messages call it.
    let path: String
    /// Whose it is, where others use it too.
    private let owner: OpenFolder?
    private var isReleased = false

    init(owning raw: Int32, path: String) {
        self.raw = raw
        self.path = path
        owner = nil
    }

    init(sharing folder: OpenFolder, path: String) {
        raw = folder.raw
        self.path = path
        owner = folder
    }

    /// The number, which is the caller's to close from now on.
    consuming func release() -> Int32 {
        isReleased = true
        return raw
    }

    deinit {
        if owner != nil || isReleased { return }
        // Linux always frees the number, even where close reports an error; what must be durable
        // was synchronised before.
        _ = close(raw)
    }

    /// Up to `count` bytes; empty at the end of the file.
    package func read(upTo count: Int) throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let descriptor = raw
        let received = try systemCall("read", path) {
            unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
        }
        buffer.removeLast(count - received)
        return buffer
    }

    /// Fills the buffer as far as there is something; 0 at the end of the file.
    func read(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        let descriptor = raw
        return try systemCall("read", path) {
            unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
        }
    }

    /// Everything up to the end of the file; more than `limit` bytes are an error.
    package func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        var contents: [UInt8] = []
        while true {
            let part = try read(upTo: min(64 << 10, limit - contents.count + 1))
            if part.isEmpty { return contents }
            contents += part
            if contents.count > limit {
                throw SystemError(
                    operation: "read", path: path, code: EFBIG,
                    advice: "it is larger than \(limit) bytes")
            }
        }
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) {
        var written = 0
        let descriptor = raw
        while written < bytes.count {
            written += try systemCall("write", path) {
                unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(
                        descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
                }
            }
        }
    }

    /// Returns when the contents are on the disk.
    package func synchronise() throws(SystemError) {
        let descriptor = raw
        try systemCall("synchronise", path) { fsync(descriptor) }
    }

    package func status() throws(SystemError) -> FileStatus {
        var record = stat()
        let descriptor = raw
        try systemCall("examine", path) { unsafe fstat(descriptor, &record) }
        return FileStatus(record)
    }

    /// Goes to a byte of the file.
    package func seek(to offset: Int) throws(SystemError) {
        let descriptor = raw
        try systemCall("seek in", path) { lseek(descriptor, offset, SEEK_SET) }
    }
}
