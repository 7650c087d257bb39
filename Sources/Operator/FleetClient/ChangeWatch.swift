package import FleetTools

/// Looks at the fleet again and again: whenever the aggregator says that something changed, and from
/// time to time besides.
package struct ChangeWatch: Sendable {
    private let server: FleetServer
    /// Between two looks when nothing is heard; also how often ages on the screen move on.
    private let interval: Duration

    package init(_ server: FleetServer, every interval: Duration = .seconds(2)) {
        self.server = server
        self.interval = interval
    }

    /// Calls `look` until it gives a result.
    package func run<Result: Sendable>(
        _ look: () async throws(OperatorError) -> Result?
    ) async throws(OperatorError) -> Result {
        // One is enough: a look sees all that happened before it.
        let (wakes, wake) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let server = server
        let interval = interval
        let end = await withTaskGroup(of: Void.self) { group in
            group.addTask { await Self.listen(to: server, wake) }
            group.addTask { while await Self.pause(interval) { wake.yield() } }
            defer { group.cancelAll() }
            return await Self.looking(look, at: wakes)
        }
        return try end.get()
    }

    private static func looking<Result: Sendable>(
        _ look: () async throws(OperatorError) -> Result?, at wakes: AsyncStream<Void>
    ) async -> Swift.Result<Result, OperatorError> {
        do throws(OperatorError) {
            if let result = try await look() { return .success(result) }
            for await _ in wakes {
                if let result = try await look() { return .success(result) }
            }
        } catch {
            return .failure(error)
        }
        return .failure(
            OperatorError(.environment, "the watch was broken off", fix: "Start it again."))
    }

    /// For ever: a server that is away is asked again, and what it says meanwhile is found by the
    /// looks.
    private static func listen(
        to server: FleetServer, _ wake: AsyncStream<Void>.Continuation
    ) async {
        repeat {
            do throws(OperatorError) {
                try await server.listen { wake.yield() }
            } catch {
                // The next look finds the same, and tells it.
                wake.yield()
            }
        } while await pause(.seconds(1))
    }

    /// False where the work is broken off meanwhile.
    private static func pause(_ duration: Duration) async -> Bool {
        do {
            try await Task.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }
}
