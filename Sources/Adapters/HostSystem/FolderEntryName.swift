internal import Glibc

/// One name in a folder as the kernel has it: bytes that need not be text, and a NUL.
struct FolderEntryName {
    private let bytes: [CChar]

    init(_ text: String) { bytes = text.utf8.map { CChar(bitPattern: $0) } + [0] }

    fileprivate init(bytes: [CChar]) { self.bytes = bytes }

    /// For people, and for names that are text anyway.
    var text: String {
        String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @unsafe
    func withPointer<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { fatalError("a name without its NUL") }
            return unsafe body(start)
        }
    }

    fileprivate var isNavigation: Bool { text == "." || text == ".." }
}

/// The names in an open folder, in no order.
func entryNames(
    of folder: borrowing FileDescriptor, path: String, limit: Int
) throws(SystemError) -> [FolderEntryName] {
    // The stream owns its descriptor, so it gets a copy.
    let descriptor = folder.raw
    let copy = try systemCall("list", path) { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
    guard let stream = unsafe fdopendir(copy) else {
        let code = errno
        _ = close(copy)
        throw SystemError(operation: "list", path: path, code: code)
    }
    defer { unsafe closedir(stream) }
    unsafe rewinddir(stream)
    var names: [FolderEntryName] = []
    while true {
        errno = 0
        guard let entry = unsafe readdir(stream) else {
            if errno != 0 { throw SystemError(operation: "list", path: path, code: errno) }
            return names
        }
        let name = unsafe FolderEntryName(
            bytes: withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
            })
        if name.isNavigation { continue }
        if names.count == limit {
            throw SystemError(
                operation: "list", path: path, code: EFBIG,
                advice: "it holds more than \(limit) entries")
        }
        names.append(name)
    }
}
