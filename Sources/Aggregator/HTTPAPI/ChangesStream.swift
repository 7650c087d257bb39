internal import FleetAnswers
internal import HTTPTypes
internal import Hummingbird
internal import ServiceLifecycle
internal import Synchronization

/// `GET /v1/changes`: says whenever the picture has changed, and nothing else. What changed is asked
/// for by the other routes, so a slow listener misses nothing.
struct ChangesStream: Sendable {
    let answers: any FleetAnswering
    let listeners: Listeners
    let bounds: HTTPBounds

    func response(to request: Request) throws(APIFault) -> Response {
        guard !listeners.isFull else {
            throw APIFault(
                .serviceUnavailable, "tooManyListeners",
                "as many as possible already listen: \(bounds.listeners)",
                fix: "Close pages that nobody looks at, or ask /v1/devices from time to time.",
                headers: [.retryAfter: "30"])
        }
        let body = ResponseBody { writer in
            // Others may have come since.
            if listeners.enter() {
                defer { listeners.leave() }
                do {
                    try await request.body.consumeWithCancellationOnInboundClose { _ in
                        try await write(to: &writer)
                    }
                } catch is CancellationError {
                    // The listener went away, or the server ends: neither is a fault.
                }
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", name("X-Accel-Buffering"): "no"],
            body: body)
    }

    @concurrent
    private func write(to writer: inout any ResponseBodyWriter) async throws {
        let newest = NewestRevision()
        // One is enough: whoever wakes sees all that happened before.
        let (wakes, wake) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let changes = await answers.changes()
        // After a break a browser comes again so soon.
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { wake.finish() }
                for await revision in changes.cancelOnGracefulShutdown() {
                    newest.set(revision)
                    wake.yield()
                    try await Task.sleep(for: bounds.changePause)
                }
            }
            group.addTask {
                defer { wake.finish() }
                let beats = max(1, Int(bounds.listenTime / bounds.keepAlive))
                for _ in 0..<beats {
                    try await Task.sleep(for: bounds.keepAlive)
                    wake.yield()
                }
            }
            defer { group.cancelAll() }
            for await _ in wakes {
                let text =
                    if let revision = newest.take() {
                        "event: change\ndata: {\"revision\":\(revision)}\n\n"
                    } else {
                        ": nothing new\n\n"
                    }
                try await writer.write(ByteBuffer(string: text))
            }
        }
    }
}

/// The revision that a listener is to hear of next.
private final class NewestRevision: Sendable {
    private let revision = Mutex<Int64?>(nil)

    func set(_ new: Int64) { revision.withLock { $0 = new } }

    func take() -> Int64? {
        revision.withLock { revision in
            defer { revision = nil }
            return revision
        }
    }
}
