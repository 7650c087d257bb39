internal import FleetModel
internal import HostSystem

/// Whether enough of something is left: room on a file system, or memory.
enum FloorProbe {
    static func disk(path: String, free needed: Int64, below root: Root) -> ProbeResult {
        do throws(SystemError) {
            let free = Int64(try root.freeBytes(at: path))
            return ProbeResult(
                passed: free >= needed,
                detail: "\(free) bytes are free at \(path), and \(needed) should be")
        } catch {
            return ProbeResult(passed: false, detail: error.description)
        }
    }

    /// As the kernel reckons what programs can still get without swapping: proc_meminfo(5).
    static func memory(available needed: Int64) -> ProbeResult {
        do throws(SystemError) {
            let table = try Root("/").readFile("/proc/meminfo", limit: Limits.probedBytes) ?? []
            guard let available = Self.available(in: table) else {
                return ProbeResult(passed: false, detail: "/proc/meminfo names no MemAvailable")
            }
            return ProbeResult(
                passed: available >= needed,
                detail: "\(available) bytes of memory are available, and \(needed) should be")
        } catch {
            return ProbeResult(passed: false, detail: error.description)
        }
    }

    /// Bytes; the table has KiB.
    static func available(in table: [UInt8]) -> Int64? {
        let key = Array("MemAvailable:".utf8)
        for line in table.split(separator: UInt8(ascii: "\n")) where line.starts(with: key) {
            let digits = line.dropFirst(key.count).drop { $0 == UInt8(ascii: " ") }
                .prefix { (0x30...0x39).contains($0) }
            let count = Int64(String(decoding: digits, as: UTF8.self))
            return count.flatMap { $0 <= Int64.max >> 10 ? $0 << 10 : nil }
        }
        return nil
    }
}
