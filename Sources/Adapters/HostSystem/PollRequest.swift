internal import FleetModel
internal import Glibc

/// One descriptor that a loop waits for.
package struct PollRequest: Equatable, Sendable {
    package var descriptor: Int32
    package var reading: Bool
    package var writing: Bool
    /// Something can be read, or the other side has ended.
    package private(set) var isReadable = false
    package private(set) var isWritable = false
    /// Nothing more will come, or the descriptor is broken.
    package private(set) var hasEnded = false

    package init(reading descriptor: Int32) {
        self.init(descriptor, reading: true, writing: false)
    }

    package init(_ descriptor: Int32, reading: Bool, writing: Bool) {
        self.descriptor = descriptor
        self.reading = reading
        self.writing = writing
    }

    package var isReady: Bool { isReadable || isWritable || hasEnded }

    /// Waits until one of the requests is ready, a signal came or the time is over, and marks what
    /// is ready. Without a timeout it waits for ever.
    package static func wait(
        for requests: inout [PollRequest], timeout: Duration?
    ) throws(SystemError) {
        var records = requests.map { request in
            let events = (request.reading ? POLLIN : 0) | (request.writing ? POLLOUT : 0)
            return pollfd(fd: request.descriptor, events: Int16(events), revents: 0)
        }
        let ready = unsafe poll(&records, nfds_t(records.count), milliseconds(timeout))
        if ready == -1 && errno != EINTR {
            throw SystemError(operation: "wait for", path: "descriptors", code: errno)
        }
        for (index, record) in records.enumerated() {
            let events = ready > 0 ? Int32(record.revents) : 0
            requests[index].isReadable = events & (POLLIN | POLLHUP) != 0
            requests[index].isWritable = events & POLLOUT != 0
            requests[index].hasEnded = events & (POLLHUP | POLLERR | POLLNVAL) != 0
        }
    }

    /// Rounded up, so that a loop does not spin through its last millisecond.
    private static func milliseconds(_ timeout: Duration?) -> Int32 {
        guard let timeout else { return -1 }
        let nanoseconds = max(0, (Instant(nanoseconds: 0) + timeout).nanoseconds)
        return Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }
}
