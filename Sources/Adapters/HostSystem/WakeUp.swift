internal import CLinux
internal import Glibc

/// Wakes a poll loop from another thread. Rings that come before the loop looks count as one.
package final class WakeUp: Sendable {
    private let reader: Int32
    private let writer: Int32

    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try systemCall("make", "a wake-up pipe") {
            unsafe flotilla_pipe2(&ends, O_CLOEXEC | O_NONBLOCK)
        }
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// Readable after a ring.
    package var request: PollRequest { PollRequest(reading: reader) }

    package func ring() {
        var byte: UInt8 = 1
        // A full pipe is a ring that was not yet heard.
        while unsafe write(writer, &byte, 1) == -1, errno == EINTR {}
    }

    /// To be called before looking at what the ring was for.
    package func silence() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe read(reader, $0.baseAddress, $0.count)
            }
            if count == bytes.count || (count == -1 && errno == EINTR) { continue }
            return
        }
    }

    /// Waits for a ring, and hears it; at most so long.
    package func wait(_ timeout: Duration) throws(SystemError) {
        var requests = [request]
        try PollRequest.wait(for: &requests, timeout: timeout)
        silence()
    }
}
