internal import Foundation
package import HostSystem

/// One device: a folder that is its whole file system, and the real agent in it.
package final class DemoDevice {
    package let id: String
    package let root: String
    private let tools: Toolbox
    let log: String
    private var agent: Background?

    /// The only device of its world.
    package convenience init(id: String, _ folder: WorldFolder, _ tools: Toolbox) throws {
        try self.init(id: id, root: folder.device, log: folder.agentLog, tools)
    }

    /// A machine as it comes from its installer, with some files of its own and no agent yet.
    package init(id: String, root: String, log: String, _ tools: Toolbox) throws {
        self.id = id
        self.tools = tools
        self.root = root
        self.log = log
        for path in ["/etc", "/run", "/usr/local/bin", "/var/lib", "/tmp"] {
            try WorldFolder.make(root + path)
        }
        try write("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        try write("/etc/hostname", id + "\n")
        // A managed path on which something of the device's own stands before.
        try write("/etc/motd", "Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY.\n", mode: 0o664)
    }

    /// Writes a file of the device, as somebody on site would.
    package func write(_ path: String, _ text: String, mode: Int = 0o644) throws {
        try WorldFolder.write(text.utf8, to: root + path, mode: mode)
    }

    package struct Configuration: Sendable {
        package var channel = "main"
        package var url: String
        package var fetchUser = "nobody"
        package var interval = "1s"
        package var idleTimeout = "60s"
        /// The broker's address, where the device has one. Its certificate, key and authority stand
        /// below /etc/flotilla.
        package var broker: String?

        package init(url: String) { self.url = url }
    }

    package func configure(_ configuration: Configuration) throws {
        let broker = configuration.broker.map { url in
            """
            broker:
              url: \(url)
              ca: /etc/flotilla/broker-ca.pem
              certificate: /etc/flotilla/device.pem
              key: /etc/flotilla/device.key

            """
        }
        try write(
            "/etc/flotilla/agent.yaml",
            """
            device: \(id)
            channel: \(configuration.channel)
            repository:
              url: \(configuration.url)
              fetchUser: \(configuration.fetchUser)
              idleTimeout: \(configuration.idleTimeout)
            services: none
            fetchEvery: \(configuration.interval)
            scanEvery: \(configuration.interval)

            """ + (broker ?? ""))
    }

    /// What the installer puts there, so that the broker and the device know each other.
    func install(_ credentials: Authority.Credentials) throws {
        for (source, path, mode) in [
            (credentials.authority, "broker-ca.pem", 0o644),
            (credentials.certificate, "device.pem", 0o644), (credentials.key, "device.key", 0o600),
        ] {
            try write("/etc/flotilla/\(path)", try WorldFolder.read(source), mode: mode)
        }
    }

    /// What the installer puts there, so that the device knows whom to trust.
    package func install(anchor: String) throws { try write("/etc/flotilla/anchor", anchor) }

    // MARK: The agent

    package var agentPid: Int32? { agent?.pid }

    /// Starts the resident agent.
    package func start() throws {
        agent = try Background(
            "the agent", tools.agent, ["run", "--root", root], log: log, tools.watchman)
    }

    /// Asks the agent to end, and waits for it.
    package func stop() throws {
        defer { agent = nil }
        try agent?.end()
    }

    /// Lets the agent go on when the demo is over.
    func outliveTheDemo() { agent?.outliveTheDemo() }

    /// Kills the agent where it stands.
    package func kill() throws {
        defer { agent = nil }
        try agent?.kill()
    }

    /// Runs a command of the agent, as a technician would.
    package func command(_ arguments: [String]) throws -> ChildOutcome {
        try tools.attempt(tools.agent, arguments + ["--root", root])
    }

    package func status() throws -> DeviceStatus {
        let outcome = try command(["status", "--json"])
        guard case .ended(.exited(let exit)) = outcome.status, exit <= 1 else {
            throw DemoError("status ended with \(outcome.status): \(outcome.errorText)")
        }
        return try DeviceStatus(outcome.output, exit: exit)
    }

    package func tree() throws -> DeviceTree { try DeviceTree(below: root) }

    package func hasJournal() -> Bool {
        FileManager.default.fileExists(atPath: root + "/var/lib/flotilla/journal.json")
    }

    package var logText: String {
        FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
