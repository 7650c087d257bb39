internal import Glibc
internal import HostSystem

/// A socket after our last word on it. To close it while something unread waits in it would reset
/// the connection, and a broker that notices that in writing publishes our will, though it has our
/// goodbye. So what still comes is read, and thrown away, until the broker closes.
struct ClosingSocket: ~Copyable {
    let descriptor: Int32

    /// A second number for a socket that libmosquitto closes itself; nil where there is none left.
    init?(copying socket: Int32) {
        descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 3)
        if descriptor < 0 { return nil }
    }

    deinit { _ = close(descriptor) }

    var pollRequest: PollRequest { PollRequest(reading: descriptor) }

    func sayNothingMore() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Throws away what came, some of it at a time; true when the broker has closed.
    func drain() -> Bool {
        for _ in 0..<8 {
            let count = unsafe withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN && errno != EINTR }
        }
        return false
    }
}
