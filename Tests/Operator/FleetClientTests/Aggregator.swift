import FleetClient
import FleetTools
import Foundation
import Synchronization
import TestSupport

/// A real HTTP server that answers as the aggregator's contract says, from what a test gives it.
final class Aggregator: Sendable {
    struct Answer: Sendable {
        var status = 200
        var body: String
    }

    struct Request: Sendable {
        var method: String
        var target: String
        var body: [UInt8]
    }

    private struct State {
        var answers: [String: [Answer]] = [:]
        var requests: [Request] = []
    }

    private let state: Mutex<State>
    private let token: String?
    nonisolated(unsafe) private var server: SocketServer?

    /// `answers` are by path with query; where there are several the last one stays.
    init(answers: [String: [Answer]], token: String? = nil) throws {
        state = Mutex(State(answers: answers))
        self.token = token
        server = try SocketServer { [weak self] connection in self?.serve(connection) }
    }

    /// The usual answers of a well fleet, with some of them changed.
    convenience init(_ changed: [String: String] = [:], token: String? = nil) throws {
        let answers = Samples.all.merging(changed) { $1 }
        try self.init(answers: answers.mapValues { [Answer(body: $0)] }, token: token)
    }

    var url: String { "http://127.0.0.1:\(server?.port ?? 0)" }
    var requests: [Request] { state.withLock { $0.requests } }

    func access(tokenFile: String? = nil) throws -> ServerAccess {
        try ServerAccess(server: url, tokenFile: tokenFile, environment: [:])
    }

    /// What the closure makes of a connection to it.
    func connected<Result: Sendable>(
        _ body: (FleetServer) async throws(OperatorError) -> Result
    ) async throws -> Result {
        try await FleetServer.connected(to: access(), body)
    }

    /// What it fails with.
    func failure(
        _ body: (FleetServer) async throws(OperatorError) -> Void
    ) async throws -> OperatorError {
        try await operatorError { () async throws(OperatorError) in
            try await FleetServer.connected(
                to: ServerAccess(server: self.url, environment: [:]), body)
        }
    }

    private func serve(_ connection: SocketConnection) {
        let head = connection.readRequest().split(separator: "\r\n")
        let words = head.first?.split(separator: " ").map(String.init) ?? []
        guard words.count == 3 else { return }
        let headers = head.dropFirst().reduce(into: [String: String]()) { headers, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.dropFirst().first.map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
        let body = connection.read(headers["content-length"].flatMap { Int($0) } ?? 0)
        let request = Request(method: words[0], target: words[1], body: body)
        if words[1] == "/v1/changes" { return stream(to: connection) }
        let isKnown = token.map { headers["authorization"] == "Bearer \($0)" } ?? true
        let answer = isKnown || words[1] == "/healthz" ? answer(to: request) : Self.stranger
        let text =
            "HTTP/1.1 \(answer.status) Some\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(answer.body.utf8.count)\r\nConnection: close\r\n\r\n\(answer.body)"
        _ = connection.send(Array(text.utf8))
    }

    private func answer(to request: Request) -> Answer {
        state.withLock { state in
            state.requests.append(request)
            guard var answers = state.answers[request.target], let answer = answers.first else {
                return Answer(status: 404, body: Samples.error("notFound", "nothing is there"))
            }
            if answers.count > 1 { answers.removeFirst() }
            state.answers[request.target] = answers
            return answer
        }
    }

    private static let stranger = Answer(
        status: 401, body: Samples.error("unauthorized", "who are you?"))

    /// A change every 50 ms.
    private func stream(to connection: SocketConnection) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        guard connection.send(Array(head.utf8)) else { return }
        connection.drip("event: change\ndata: {\"revision\":7}\n\n", every: 0.05)
    }
}

/// The error that the closure ends with.
func operatorError(_ body: () async throws(OperatorError) -> Void) async throws -> OperatorError {
    do throws(OperatorError) {
        try await body()
    } catch {
        return error
    }
    throw ChildFailure(description: "it succeeded")
}
