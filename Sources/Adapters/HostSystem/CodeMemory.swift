internal import Glibc

/// What of this process's memory the kernel can read again from its files at any time.
package enum CodeMemory {
    /// Gives back the pages of code that were needed so far, most of them once, at the start. What
    /// is needed again comes back from the page cache.
    ///
    /// Only mappings that can be run and never written: what is only read holds relocated pointers,
    /// which no file has.
    package static func release() throws(SystemError) {
        let bytes = try Root("/").readFile("/proc/\(getpid())/maps", limit: 1 << 20) ?? []
        for range in ranges(inMaps: String(decoding: bytes, as: UTF8.self)) {
            let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound)
            try systemCall("release", "this process's code") {
                unsafe madvise(start, range.count, MADV_DONTNEED)
            }
        }
    }

    /// The mappings of files that can be run and not be written.
    static func ranges(inMaps text: String) -> [Range<UInt>] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 6, fields[1] == "r-xp", fields[5].utf8.first == UInt8(ascii: "/")
            else { return nil }
            let bounds = fields[0].split(separator: "-")
            guard bounds.count == 2, let start = UInt(bounds[0], radix: 16),
                let end = UInt(bounds[1], radix: 16), start < end
            else { return nil }
            return start..<end
        }
    }
}
