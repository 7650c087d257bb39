public import Foundation

/// A real Mosquitto with the configuration that the project ships, on a port of its own, with
/// certificates of an authority of its own. It can be killed, and comes back on the same port with
/// the state that it had.
public final class BrokerServer {
    /// The name in the broker's certificate.
    public static let name = "broker.test"

    /// The fleet whose rules it has.
    public let fleet: String
    /// Where it listens.
    public let port: Int
    /// Who issues the certificates that it believes.
    public let authority: TestAuthority
    private let folder: URL
    private var process: ServerProcess

    /// Starts it with its files in `folder`. `operators` may read everything. Settings that a test
    /// must have otherwise replace the shipped lines: ["max_queued_messages": "10"]. `names` is what
    /// its certificate is for.
    public init(
        in folder: URL, fleet: String = "harbour", operators: [String] = [],
        names: String = "DNS:\(BrokerServer.name)", settings: [String: String] = [:]
    ) throws {
        self.fleet = fleet
        self.folder = folder
        let authority = try TestAuthority(
            in: folder.appendingPathComponent("authority"), keys: .ed25519)
        self.authority = authority
        try authority.revoke(nil)
        let identity = try authority.issue(
            Self.name, names: names, role: "broker", usage: "serverAuth", organization: fleet)
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("state"), withIntermediateDirectories: true)
        (process, port) = try startOnFreePort { port in
            try Self.configure(
                folder, fleet, port, authority, identity, operators, settings)
            return try Self.start(folder)
        }
    }

    deinit { process.end() }

    /// Issues a device's certificate.
    public func device(_ id: String) throws -> TestAuthority.Identity {
        try authority.issue(id, role: "device", usage: "clientAuth", organization: fleet)
    }

    /// Issues the aggregator's certificate.
    public func aggregator() throws -> TestAuthority.Identity {
        try authority.issue(
            "aggregator@\(fleet)", role: "aggregator", usage: "clientAuth", organization: fleet)
    }

    /// Issues an operator's certificate.
    public func `operator`(_ name: String) throws -> TestAuthority.Identity {
        try authority.issue(
            "\(name)@operators", role: "operator", usage: "clientAuth", organization: fleet)
    }

    /// Ends it with SIGKILL.
    public func kill() { process.end() }

    /// Starts it again, after `kill`, on the same port and state.
    public func restart() throws {
        process = try Self.start(folder)
        guard try process.listens(on: port) else {
            throw CommandFailure(command: "mosquitto", status: -1, output: log)
        }
    }

    /// Lets it read its rules and the list of revoked certificates again.
    public func reload() {
        Foundation.kill(process.pid, SIGHUP)
    }

    /// Freezes and thaws it: its connections stand, and nobody answers.
    public func freeze() { Foundation.kill(process.pid, SIGSTOP) }
    /// Goes on after `freeze`.
    public func thaw() { Foundation.kill(process.pid, SIGCONT) }

    /// What it wrote.
    public var log: String { process.output }

    private static func start(_ folder: URL) throws -> ServerProcess {
        try ServerProcess(
            "/usr/sbin/mosquitto", ["-c", folder.appendingPathComponent("flotilla.conf").path],
            log: folder.appendingPathComponent("log"))
    }

    private static func configure(
        _ folder: URL, _ fleet: String, _ port: Int, _ authority: TestAuthority,
        _ identity: TestAuthority.Identity, _ operators: [String], _ settings: [String: String]
    ) throws {
        let values = [
            "@FLEET@": fleet, "@PORT@": "\(port)", "@CA@": authority.certificate.path,
            "@CRL@": authority.revoked.path, "@CERT@": identity.certificate.path,
            "@KEY@": identity.key.path, "@STATE@": folder.appendingPathComponent("state").path,
            "@ACL@": folder.appendingPathComponent("flotilla.acl").path,
        ]
        for name in ["flotilla.conf", "flotilla.acl"] {
            var text = try String(contentsOf: shipped.appendingPathComponent(name), encoding: .utf8)
            for (placeholder, value) in values {
                text = text.replacingOccurrences(of: placeholder, with: value)
            }
            if name == "flotilla.conf" {
                text = replace(settings, in: text)
            } else {
                for name in operators {
                    text += "\nuser \(name)@operators\ntopic read flotilla/\(fleet)/#\n"
                }
            }
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        // As root it gives up root before it reads anything.
        if getuid() == 0 { try run("chown", ["-R", "mosquitto:", folder.path]) }
    }

    private static func replace(_ settings: [String: String], in text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let name = String(line.prefix { $0 != " " })
            return settings[name].map { "\(name) \($0)" } ?? String(line)
        }
        return lines.joined(separator: "\n")
    }

    private static let shipped = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("systemd/broker")
}

/// Runs a broker while `body` runs.
public func withBroker<Result>(
    fleet: String = "harbour", operators: [String] = [], settings: [String: String] = [:],
    _ body: (BrokerServer) throws -> Result
) throws -> Result {
    try withTemporaryFolder { folder in
        let broker = try BrokerServer(
            in: folder, fleet: fleet, operators: operators, settings: settings)
        defer { broker.kill() }
        return try body(broker)
    }
}
