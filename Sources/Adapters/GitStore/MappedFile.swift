internal import Glibc

/// A file of our own, mapped for reading: only the pages that are looked at take memory.
@safe
final class MappedFile {
    private let bytes: UnsafeRawBufferPointer
    private let path: String

    var count: Int { unsafe bytes.count }

    init(_ path: String) throws(GitError) {
        self.path = path
        let file = try OpenFile(path: path, flags: O_RDONLY)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw GitError(.refused, "read", path, "it is not a regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let start = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard unsafe start != MAP_FAILED else {
            throw GitError.system("read", path, errno: errno)
        }
        unsafe bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        if let start = unsafe bytes.baseAddress {
            _ = unsafe munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        }
    }

    /// A big-endian number; what lies behind the end of the file is an error.
    func number32(at offset: Int) throws(GitError) -> Int {
        try unsafe Int(
            UInt32(bigEndian: part(at: offset, 4).loadUnaligned(as: UInt32.self)))
    }

    func number64(at offset: Int) throws(GitError) -> Int {
        let number = try unsafe UInt64(
            bigEndian: part(at: offset, 8).loadUnaligned(as: UInt64.self))
        guard let number = Int(exactly: number) else { throw isCut }
        return number
    }

    func key(at offset: Int) throws(GitError) -> ObjectKey {
        try unsafe ObjectKey(part(at: offset, 20))
    }

    private func part(at offset: Int, _ length: Int) throws(GitError) -> UnsafeRawBufferPointer {
        guard offset >= 0, offset <= count - length else { throw isCut }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }

    var isCut: GitError {
        GitError(.corrupt, "read", path, "it ends too early; remove it, and it is fetched again")
    }
}
