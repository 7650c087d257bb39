package import FleetModel
package import FleetTools

/// Reads the aggregator's events in their order.
package struct EventLog: Sendable {
    private let server: FleetServer
    private let device: DeviceID?
    /// The number of the last event that was read.
    private var last = 0

    /// The most that one answer gives.
    package static let page = 1_000

    package init(_ server: FleetServer, device: DeviceID?) {
        self.server = server
        self.device = device
    }

    /// The newest, `count` at most and no more than a page, in their order. What comes later is
    /// news.
    package mutating func newest(_ count: Int) async throws(OperatorError) -> [EventRow] {
        Array(try await read(after: nil, limit: max(1, min(count, Self.page))).suffix(count))
    }

    /// The events that came since the last call, all of them.
    package mutating func news() async throws(OperatorError) -> [EventRow] {
        var rows: [EventRow] = []
        while true {
            let page = try await read(after: last, limit: Self.page)
            rows += page
            if page.isEmpty { return rows }
        }
    }

    private mutating func read(
        after number: Int?, limit: Int
    ) async throws(OperatorError) -> [EventRow] {
        var query = [(name: "limit", value: "\(limit)")]
        if let number { query.append(("after", "\(number)")) }
        if let device { query.append(("device", device.text)) }
        let answer = try await server.get("/v1/events", query)
        let rows = try answer.requiredObjects("events").map { EventRow($0) }
        let numbers = rows.map(\.number)
        guard numbers.allSatisfy({ $0 > number ?? 0 }) else {
            throw OperatorError(
                .environment, "\(server.access.url) gives events again that it gave already",
                fix: "Check that `flotilla` and `flotilla-aggregator` are of the same version.")
        }
        last = max(last, numbers.max() ?? last)
        return rows
    }
}
