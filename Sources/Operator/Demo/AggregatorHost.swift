internal import Foundation
internal import HostSystem

/// The real aggregator, and its API as an operator's `flotilla` sees it.
final class AggregatorHost {
    private let folder: String
    private let tools: Toolbox
    let port: Int
    private var process: Background?

    var url: String { "http://127.0.0.1:\(port)" }
    var tokenFile: String { folder + "/token" }
    private var hookTokenFile: String { folder + "/state/hook-token" }
    var configuration: String { folder + "/aggregator.yaml" }
    var log: String { folder + "/log" }
    var pid: Int32? { process?.pid }

    /// What the aggregator is given.
    struct Settings {
        var fleet: String
        var anchor: String
        var repository: String
        var broker: String
        var credentials: Authority.Credentials
        var revoked: String
    }

    init(_ settings: Settings, in folder: String, _ tools: Toolbox) throws {
        self.folder = folder
        self.tools = tools
        port = try Loopback.freePort()
        try WorldFolder.make(folder + "/state")
        try WorldFolder.write(settings.anchor.utf8, to: folder + "/anchor")
        let credentials = settings.credentials
        try WorldFolder.write(
            """
            fleet: \(settings.fleet)
            channel: main
            anchor: \(folder)/anchor
            repository:
              url: \(settings.repository)
            broker:
              url: \(settings.broker)
              ca: \(credentials.authority)
              certificate: \(credentials.certificate)
              key: \(credentials.key)
            authority:
              ca: \(credentials.authority)
              revoked: \(settings.revoked)
            key: \(credentials.key)
            state: \(folder)/state
            listen: 127.0.0.1:\(port)
            tokenFile: \(folder)/token
            pollEvery: 1s

            """.utf8, to: configuration)
    }

    func start() throws {
        let process = try Background(
            "the aggregator", tools.aggregator, ["run", "--config", configuration], log: log,
            tools.watchman)
        self.process = process
        let isUp = try tools.watchman.wait(atMost: .seconds(20)) {
            process.status != nil || Loopback.accepts(port)
        }
        guard isUp, process.status == nil else {
            throw DemoError("the aggregator does not start: \(lastWords)")
        }
    }

    private var lastWords: String {
        let text = (try? WorldFolder.read(log)) ?? ""
        return text.split(separator: "\n").suffix(3).joined(separator: " / ")
    }

    func kill() throws {
        defer { process = nil }
        try process?.kill()
    }

    func end() throws {
        defer { process = nil }
        try process?.end()
    }

    func outliveTheDemo() { process?.outliveTheDemo() }

    // MARK: Its API

    /// How `flotilla` finds it.
    var environment: [String: String] {
        ["FLOTILLA_SERVER": url, "FLOTILLA_TOKEN_FILE": tokenFile]
    }

    /// Runs `flotilla`, as an operator would.
    func flotilla(_ arguments: [String]) throws -> ChildOutcome {
        try tools.attempt(tools.flotilla, arguments, environment: environment)
    }

    /// The same for programs: what it printed, and its exit status. An error is JSON as well.
    func ask(_ arguments: [String]) throws -> (view: JSONView, exit: Int) {
        let outcome = try flotilla(arguments + ["--json"])
        guard case .ended(.exited(let exit)) = outcome.status, !outcome.output.isEmpty else {
            throw DemoError(
                "flotilla \(arguments.joined(separator: " ")) ended with \(outcome.status): "
                    + outcome.errorText)
        }
        let place = "flotilla \(arguments.joined(separator: " "))"
        return (try JSONView(outcome.output, from: place), exit)
    }

    /// What a Git server's hook says after a push. It may be away, which costs nothing but a second.
    func hook() throws {
        guard let token = try? WorldFolder.read(hookTokenFile), process != nil else { return }
        try Loopback.post(
            "/v1/hooks/push", to: port,
            token: token.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
