internal import FleetAnswers
internal import Synchronization

/// How many requests were answered how, for the metrics.
final class RequestCounts: Sendable {
    private struct Kind: Hashable {
        var route: String
        var status: Int
    }

    private let counts = Mutex<[Kind: Int]>([:])

    /// `route` is a template, so that there are only as many as routes.
    func count(_ route: String, status: Int) {
        counts.withLock { $0[Kind(route: route, status: status), default: 0] += 1 }
    }

    var metric: Metric {
        let samples = counts.withLock { counts in
            counts.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map {
                Metric.Sample(
                    Double($0.value),
                    [.init("route", $0.key.route), .init("status", String($0.key.status))])
            }
        }
        return Metric(
            "flotilla_http_requests_total", "Answered requests by route and status", .counter,
            samples)
    }
}

/// Who listens to `/v1/changes`, counted.
final class Listeners: Sendable {
    private let limit: Int
    private let number = Mutex(0)

    init(limit: Int) { self.limit = limit }

    var isFull: Bool { count >= limit }
    var count: Int { number.withLock { $0 } }

    func enter() -> Bool {
        number.withLock { number in
            guard number < limit else { return false }
            number += 1
            return true
        }
    }

    func leave() { number.withLock { $0 -= 1 } }

    var metric: Metric {
        Metric(
            "flotilla_http_listeners", "Clients that listen to changes now", .gauge, Double(count))
    }
}
