internal import FleetModel
internal import HostSystem
package import MQTTLink
internal import Synchronization

/// Hears all devices and says what the service wants said. It has a thread of its own with a poll
/// loop, for libmosquitto wants to be driven; the service takes what was heard in batches.
///
/// It connects without a session of its own: retained messages give the whole picture, and devices
/// send events again until they are acknowledged.
package final class Ingest: Sendable {
    /// What both threads touch.
    struct Desk {
        /// The one batch that the service may take.
        var batch: [HeardMessage]?
        var outgoing = Outgoing()
        var counters = IngestCounters()
        var status = LinkStatus()
        var disbelieved = Disbelieved()
        var isStopped = false
    }

    /// Something can be taken, or the link's status changed. Many of them count as one.
    package let arrivals: AsyncStream<Void>
    let arrival: AsyncStream<Void>.Continuation
    let desk = Mutex(Desk())
    let bell: WakeUp
    let settings: IngestSettings
    private let loop: Mutex<IngestLoop>

    package init(_ settings: IngestSettings) throws(IngestFault) {
        self.settings = settings
        do throws(SystemError) {
            bell = try WakeUp()
        } catch {
            throw IngestFault(error.description)
        }
        (arrivals, arrival) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        loop = Mutex(try IngestLoop(settings))
    }

    /// Runs until `stop` is called or the task is cancelled.
    package func run() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do {
                    try OwnThread.start("ingest") { [self] in
                        loop.withLock { $0.run(for: self) }
                        arrival.finish()
                        continuation.resume()
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            stop()
        }
    }

    package func stop() {
        desk.withLock { $0.isStopped = true }
        bell.ring()
    }

    // MARK: The service's side

    /// What was heard and verified; nil where nothing is ready. The next batch is made when this one
    /// was taken.
    package func takeBatch() -> [HeardMessage]? {
        let batch = desk.withLock { desk in
            defer { desk.batch = nil }
            return desk.batch
        }
        if batch != nil { bell.ring() }
        return batch
    }

    /// Publishes soon, or when the broker is back. A retained message is said again to every broker
    /// that we come to; of others the newest of a topic is said once.
    package func publish(_ messages: [LinkMessage]) {
        guard !messages.isEmpty else { return }
        desk.withLock { desk in
            for message in messages { desk.outgoing.add(message) }
        }
        bell.ring()
    }

    package var status: LinkStatus { desk.withLock { $0.status } }
    package var counters: IngestCounters { desk.withLock { $0.counters } }
    package var disbelieved: Disbelieved { desk.withLock { $0.disbelieved } }
}
