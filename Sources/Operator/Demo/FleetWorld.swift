internal import Foundation
internal import HostSystem

/// A whole fleet on one machine: an authority, a broker, a Git server, an aggregator, and twelve
/// devices with real agents. Everything in it is made for it and gone with it.
final class FleetWorld {
    static let fleet = "harbour"

    let folder: WorldFolder
    let tools: Toolbox
    let operatorPerson: Person
    let attacker: Person
    let desk: OperatorDesk
    let authority: Authority
    let broker: BrokerHost
    let devices: [DemoDevice]
    private(set) var host: GitHost?
    private(set) var aggregator: AggregatorHost?
    private let aggregatorCredentials: Authority.Credentials

    /// Makes folders, people, certificates and the operator's clone. Nothing runs yet.
    ///
    /// - Parameters:
    ///   - options: the fault `.verify` makes everybody trust the attacker, `.ack` leaves the
    ///     aggregator without the right to acknowledge.
    ///   - roster: the devices that there are; the repository names all of the roster.
    init(
        _ options: DemoOptions, programsIn programs: String, watchman: Watchman,
        having roster: [SampleDevice] = FleetRoster.devices
    ) throws {
        guard geteuid() == 0 else {
            throw DemoError("the devices' files belong to root, so this must run as root")
        }
        let folder = try WorldFolder()
        self.folder = folder
        do {
            let tools = Toolbox(watchman, programsIn: programs)
            self.tools = tools
            operatorPerson = try Person("operator", keysIn: folder.keys, tools)
            attacker = try Person("mallory", keysIn: folder.keys, tools)
            let authority = try Authority(in: folder.authority, fleet: Self.fleet, tools)
            self.authority = authority
            aggregatorCredentials = try authority.aggregator()
            let trusted = options.fault == .verify ? [operatorPerson, attacker] : [operatorPerson]
            desk = try OperatorDesk(
                copying: options.fleet, trusting: trusted, as: operatorPerson, folder, tools)
            broker = try BrokerHost(
                shipped: options.broker, fleet: Self.fleet, authority.broker(BrokerHost.host),
                revoked: authority.revoked, in: folder.broker, tools)
            devices = try roster.map { device in
                try DemoDevice(
                    id: device.id, root: "\(folder.devices)/\(device.id)",
                    log: "\(folder.devices)/\(device.id).log", tools)
            }
            try tools.run(
                "git", ["init", "--quiet", "--bare", "--initial-branch=main", folder.repository])
            try prepareDesk(options.fault)
        } catch {
            try folder.remove()
            throw error
        }
    }

    private func prepareDesk(_ fault: DemoFault?) throws {
        try desk.replace("rollout: none", with: "rollout: waves", in: "fleet.yaml")
        try desk.replace(
            "# Devices apply every trusted release by themselves, as soon as they see it.",
            with: "# Devices wait until the aggregator opens a release to them; see rollout.yaml.",
            in: "fleet.yaml")
        try desk.write("rollout.yaml", FleetRoster.rollout())
        try FleetRoster.write(to: desk)
        var line = authority.aggregatorLine
        if fault == .ack { line = line.replacingOccurrences(of: ",flotilla-ack", with: "") }
        try desk.write(
            "trust/allowed_signers", try desk.read("trust/allowed_signers") + line)
    }

    // MARK: Starting

    /// Starts the Git server and the broker.
    func serve() throws {
        host = try GitHost(folder, tools.watchman, port: host?.port)
        try broker.start()
    }

    /// Configures the aggregator and all devices, and starts them. The channel has its first
    /// release already.
    func install() throws {
        guard let host else { throw DemoError("the Git server is not started yet") }
        let anchor = try desk.anchor()
        let aggregator = try AggregatorHost(
            AggregatorHost.Settings(
                fleet: Self.fleet, anchor: anchor, repository: host.url, broker: broker.url,
                credentials: aggregatorCredentials, revoked: authority.revoked),
            in: folder.aggregator, tools)
        self.aggregator = aggregator
        try aggregator.start()
        var configuration = DemoDevice.Configuration(url: host.url)
        configuration.broker = broker.url
        for device in devices {
            try device.configure(configuration)
            try device.install(anchor: anchor)
            try device.install(authority.device(device.id))
            try device.start()
        }
    }

    func device(_ id: String) throws -> DemoDevice {
        guard let device = devices.first(where: { $0.id == id }) else {
            throw DemoError("there is no device \(id)")
        }
        return device
    }

    /// The aggregator that was installed.
    func running() throws -> AggregatorHost {
        guard let aggregator else { throw DemoError("the aggregator is not installed yet") }
        return aggregator
    }

    /// A clone for commits of any kind.
    func makeWorkbench() throws -> Workbench {
        try Workbench(at: folder.attacker, cloning: folder.repository, tools)
    }

    // MARK: Ending

    /// Ends every process and removes the folder, and goes on where one of these fails.
    func end() throws {
        var failures: [String] = []
        let ends: [() throws -> Void] =
            devices.map { device in { try device.stop() } } + [
                { try self.aggregator?.end() }, broker.end, { try self.host?.end() },
                folder.remove,
            ]
        for end in ends {
            do {
                try end()
            } catch {
                failures.append("\(error)")
            }
        }
        if !failures.isEmpty { throw DemoError(failures.joined(separator: "; ")) }
    }

    /// What is still there of this world; empty after a clean end.
    func leftovers() throws -> [String] {
        var found = folder.processes().map { "process \($0) is still there" }
        let ports = [host?.port, broker.port, aggregator?.port].compactMap { $0 }
        for port in ports where Loopback.accepts(port) {
            found.append("something listens on port \(port)")
        }
        if FileManager.default.fileExists(atPath: folder.path) {
            found.append("\(folder.path) is still there")
        }
        return found
    }
}
