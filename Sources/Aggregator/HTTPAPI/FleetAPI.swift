internal import Documents
internal import FleetAnswers
internal import FleetModel
internal import HTTPTypes
internal import Hummingbird
internal import WebPages

/// What the routes share.
struct FleetAPI: Sendable {
    let settings: HTTPSettings
    let answers: any FleetAnswering
    let sessions: Sessions
    let loginBound: LoginBound
    let listeners: Listeners
    let connections: ConnectionDesk
    let counts = RequestCounts()

    init(_ settings: HTTPSettings, answers: any FleetAnswering) {
        self.settings = settings
        self.answers = answers
        let bounds = settings.bounds
        sessions = Sessions(token: settings.token, duration: bounds.sessionTime)
        loginBound = LoginBound(limit: bounds.loginAttempts, window: bounds.loginWindow)
        listeners = Listeners(limit: bounds.listeners)
        connections = ConnectionDesk(bounds)
    }

    /// Everything that can be asked for; docs/openapi.yaml describes it, and a test compares.
    var routes: [Route] {
        [
            Route(.get, "/", .readersInBrowsers, overviewPage),
            Route(.get, "/login", .everybody, loginPage),
            Route(.post, "/login", .everybody, body: .collected, logIn),
            Route(.post, "/logout", .everybody, logOut),
            Route(.get, "/assets/{name}", .everybody, asset),
            Route(.get, "/healthz", .everybody, health),
            Route(.get, "/metrics", .readers, metrics),
            Route(.get, "/v1/devices", .readers, devices),
            Route(.get, "/v1/devices/{id}", .readers, device),
            Route(.get, "/v1/devices/{id}/why", .readers, why),
            Route(.get, "/v1/rollouts", .readers, rollouts),
            Route(.get, "/v1/drift", .readers, drift),
            Route(.get, "/v1/events", .readers, events),
            Route(.get, "/v1/changes", .readers, changes),
            Route(.post, "/v1/hooks/push", .hook, pushed),
            Route(.post, "/v1/commands", .programs, body: .collected, command),
        ]
    }
}

// MARK: The API

extension FleetAPI {
    private func devices(_ call: Call) async throws -> Response {
        var reader = try call.query()
        let query = try DeviceQuery(&reader)
        try reader.finish()
        return .json(await answers.devices(query))
    }

    private func device(_ call: Call) async throws -> Response {
        try call.noQuery()
        guard let id = DeviceID(call.parameter), let answer = await answers.device(id) else {
            throw APIFault.noDevice(call.parameter)
        }
        return .json(answer)
    }

    private func why(_ call: Call) async throws -> Response {
        try call.noQuery()
        guard let id = DeviceID(call.parameter), let answer = await answers.why(id) else {
            throw APIFault.noDevice(call.parameter)
        }
        return .json(answer)
    }

    private func rollouts(_ call: Call) async throws -> Response {
        try call.noQuery()
        return .json(await answers.rollouts())
    }

    private func drift(_ call: Call) async throws -> Response {
        try call.noQuery()
        return .json(await answers.drift())
    }

    private func events(_ call: Call) async throws -> Response {
        var reader = try call.query()
        let query = try EventQuery(&reader)
        try reader.finish()
        return .json(await answers.events(query))
    }

    private func changes(_ call: Call) async throws -> Response {
        try call.noQuery()
        return try ChangesStream(
            answers: answers, listeners: listeners, bounds: settings.bounds
        ).response(to: call.request)
    }

    private func pushed(_ call: Call) async throws -> Response {
        try call.noQuery()
        await answers.pushed()
        return .json(["version": 1, "accepted": true], status: .accepted)
    }

    private func command(_ call: Call) async throws -> Response {
        try call.noQuery()
        switch await answers.command(call.body) {
        case .accepted(let standing):
            return .json([
                "version": 1, "accepted": true,
                "standing": standing.map { .string($0) } ?? .null,
            ])
        case .refused(let refusal):
            let status: HTTPResponse.Status =
                switch refusal.kind {
                case .malformed: .badRequest
                case .forbidden: .forbidden
                case .conflict: .conflict
                }
            throw APIFault(status, refusal.code, refusal.message, fix: refusal.fix)
        }
    }

    private func health(_ call: Call) async throws -> Response {
        try call.noQuery()
        let answer = await answers.health()
        let isWell =
            if case .object(let members) = answer { members["status"] == "ok" } else { false }
        return .json(answer, status: isWell ? .ok : .serviceUnavailable)
    }

    private func metrics(_ call: Call) async throws -> Response {
        try call.noQuery()
        let own = [counts.metric, listeners.metric, connections.metric]
        let all = await answers.metrics() + own
        return .text(PrometheusText.write(all), type: PrometheusText.mediaType)
    }
}
