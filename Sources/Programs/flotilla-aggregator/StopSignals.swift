internal import HostSystem

/// SIGTERM and SIGINT, as something to wait for.
struct StopSignals: Sendable {
    private let signals: AsyncStream<Void>

    /// To be made before any thread is started.
    init() throws(SystemError) {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        signals = stream
        let queue = QueueHolder(try SignalQueue([.terminate, .interrupt]))
        try OwnThread.start("signals") {
            while true {
                var requests = [PollRequest(reading: queue.queue.descriptor)]
                guard (try? PollRequest.wait(for: &requests, timeout: nil)) != nil else { continue }
                if let signal = try? queue.queue.next(), signal != .child { continuation.yield() }
            }
        }
    }

    /// Returns at the first one.
    func wait() async {
        for await _ in signals { return }
    }
}

/// Carries the queue to the thread that reads it.
private final class QueueHolder: Sendable {
    let queue: SignalQueue

    init(_ queue: consuming SignalQueue) { self.queue = queue }
}
