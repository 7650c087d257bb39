internal import Glibc
internal import HostSystem
internal import Synchronization

/// Where the handler writes; set before the handler is.
private let stopPipe = Atomic<Int32>(-1)

/// SIGTERM and SIGINT, as something to wait for.
///
/// By a handler and a pipe: Swift's asynchronous main thread waits with all signals open, so whatever
/// only holds them back on other threads (signalfd) would never see one.
struct StopSignals: Sendable {
    private let signals: AsyncStream<Void>

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw SystemError(operation: "make", path: "a pipe", code: errno)
        }
        stopPipe.store(ends[1], ordering: .sequentiallyConsistent)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            var byte: UInt8 = 1
            _ = write(stopPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
        }
        action.sa_flags = Int32(SA_RESTART)
        sigaction(SIGTERM, &action, nil)
        sigaction(SIGINT, &action, nil)

        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        signals = stream
        let reading = ends[0]
        try OwnThread.start("signals") {
            var byte: UInt8 = 0
            while true {
                if read(reading, &byte, 1) == 1 { continuation.yield() }
            }
        }
    }

    /// Returns at the first one.
    func wait() async {
        for await _ in signals { return }
    }
}
