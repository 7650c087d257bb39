internal import Synchronization

/// Those who want to hear of each change of the picture. Nobody is waited for: who is slow hears
/// the newest revision only.
final class Listeners: Sendable {
    private struct Desk {
        var revision: Int64 = 0
        var next = 0
        var streams: [Int: AsyncStream<Int64>.Continuation] = [:]
        var isEnded = false
    }

    private let desk = Mutex(Desk())

    var revision: Int64 { desk.withLock { $0.revision } }

    func changed() {
        let (revision, streams) = desk.withLock { desk in
            desk.revision += 1
            return (desk.revision, Array(desk.streams.values))
        }
        for stream in streams { stream.yield(revision) }
    }

    func end() {
        let streams = desk.withLock { desk in
            desk.isEnded = true
            defer { desk.streams = [:] }
            return Array(desk.streams.values)
        }
        for stream in streams { stream.finish() }
    }

    /// The revision now, and then the newest one after each change.
    func stream() -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let (number, revision) = desk.withLock { desk in
            desk.next += 1
            if !desk.isEnded { desk.streams[desk.next] = continuation }
            return (desk.next, desk.isEnded ? nil : desk.revision)
        }
        guard let revision else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [self] _ in
            _ = desk.withLock { $0.streams.removeValue(forKey: number) }
        }
        continuation.yield(revision)
        return stream
    }
}
