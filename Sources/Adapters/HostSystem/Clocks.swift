package import FleetModel
internal import Glibc

/// The two clocks of a device.
package enum Clocks {
    /// The time of day, which may be wrong and may jump.
    package static func wall() -> Instant { read(CLOCK_REALTIME) }

    /// Time since boot, sleep included. Never jumps, and means nothing after a reboot.
    package static func monotonic() -> Instant { read(CLOCK_BOOTTIME) }

    private static func read(_ clock: clockid_t) -> Instant {
        var time = timespec()
        guard unsafe clock_gettime(clock, &time) == 0 else {
            fatalError("the kernel has no clock \(clock)")
        }
        return Instant(time)
    }

    /// Names this boot of the machine: another text after each start.
    package static func bootID() throws(SystemError) -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        let contents = try Root("/").readFile(path, limit: 128)
        guard let contents else {
            throw SystemError(operation: "read", path: path, code: ENOENT)
        }
        return String(decoding: contents.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
