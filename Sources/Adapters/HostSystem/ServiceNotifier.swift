internal import FleetModel
internal import Glibc
internal import Synchronization

/// Tells systemd that the service is ready and alive, as sd_notify(3) describes it. Without a
/// NOTIFY_SOCKET in the environment there is nobody to tell, and nothing is done.
package final class ServiceNotifier: Sendable {
    private let socketPath: String?
    /// How often `alive()` must be called at least: a third of WATCHDOG_USEC.
    package let interval: Duration
    private let nextAlive = Atomic<Int64>(.min)

    package init() {
        socketPath = Program.environment("NOTIFY_SOCKET")
        let limit = Program.environment("WATCHDOG_USEC").flatMap { Int64($0) }
        interval = limit.map { .microseconds(max(1, $0) / 3) } ?? .seconds(3_600)
    }

    package func ready() { send("READY=1") }

    /// Feeds the watchdog, when it is time to. Cheap enough to be called at every step of something
    /// long.
    package func alive() {
        guard socketPath != nil else { return }
        let now = Clocks.monotonic()
        guard now.nanoseconds >= nextAlive.load(ordering: .relaxed) else { return }
        nextAlive.store((now + interval / 2).nanoseconds, ordering: .relaxed)
        send("WATCHDOG=1")
    }

    /// A line for `systemctl status`.
    package func status(_ text: String) { send("STATUS=\(text)") }

    /// A datagram that does not arrive is noticed by who waits for it, which is systemd.
    private func send(_ message: String) {
        guard let socketPath else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socketPath.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.count < capacity else { return }
        // A leading @ stands for the NUL of an abstract socket's name.
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(message.utf8)
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bytes.withUnsafeBytes {
                    _ = unsafe sendto(
                        descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL),
                        generic, length)
                }
            }
        }
    }
}
