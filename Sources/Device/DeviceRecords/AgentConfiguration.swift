package import Documents
package import FleetModel
package import HostSystem
internal import YAMLDocument

/// `/etc/flotilla/agent.yaml`: who this device is and where its repository is.
package struct AgentConfiguration: Equatable, Sendable {
    package enum Services: String, Equatable, Sendable, CaseIterable {
        case systemd
        /// For machines and containers without it: units are planned and reported, not touched.
        case none
    }

    /// Where the fleet repository is, and as whom it is fetched.
    package struct Repository: Equatable, Sendable {
        package var url: String
        /// The unprivileged user that talks to the Git server and to whatever is probed.
        package var fetchUser: String
        /// Paths of PEM files; for https.
        package var ca: String?
        package var certificate: String?
        package var key: String?
        /// Paths; for ssh.
        package var sshKey: String?
        package var knownHosts: String?
        /// For https: a user name, and the path of a file with the password.
        package var user: String?
        package var passwordFile: String?
        /// How long a fetch waits for the next byte. Slow links need all of it.
        package var idleTimeout: Duration
    }

    /// The broker that carries orders and reports; without one the device follows Git alone.
    package struct Broker: Equatable, Sendable {
        package var host: String
        package var port: Int
        /// Paths of PEM files: who vouches for the broker, and who this device is to it.
        package var ca: String
        package var certificate: String
        package var key: String
        /// What all topics begin with; nil is `flotilla/<fleet>`.
        package var topic: String?
    }

    package var device: DeviceID
    package var channel: String
    package var repository: Repository
    package var broker: Broker?
    package var services: Services
    package var labels: [String: String]
    package var fetchEvery: Duration
    package var scanEvery: Duration
    /// How many generations stay on the disk, the current one among them.
    package var keepGenerations: Int
    /// Bytes that the agent's state may take on the disk.
    package var maxDisk: Int64
    /// How many boots a generation that is not confirmed yet gets before the device goes back.
    package var maxBoots: Int
    package static let defaultMaxBoots = 5

    /// Reads it from the device. A missing file is an error that says how to write one.
    package init(of root: Root) throws(RecordError) {
        let file = StateLayout.configuration
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try root.readFile(file, limit: Limits.yamlBytes)
        } catch {
            throw .system(error)
        }
        guard let bytes else {
            throw .damaged(
                InvalidDocument(
                    Diagnostic(
                        file: file, message: "the agent's configuration is missing",
                        fix:
                            "Write `device:`, `channel:` and `repository: {url: …}` to it; see docs/device.md."
                    )))
        }
        do throws(InvalidDocument) {
            self = try AgentConfiguration(
                reading: try YAML.parse(bytes, file: file), file: file)
        } catch {
            throw .damaged(error)
        }
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the agent's configuration")
        let device = Self.device(&reader)
        let channel = Self.channel(&reader)
        let repository = Self.repository(&reader, file: file)
        let broker = Self.broker(&reader, file: file)
        services = reader.choice("services") ?? .systemd
        fetchEvery = Self.interval("fetchEvery", &reader) ?? .seconds(900)
        scanEvery = Self.interval("scanEvery", &reader) ?? .seconds(300)
        keepGenerations = reader.integer("keepGenerations", in: 2...100) ?? 3
        maxDisk = Self.bytes("maxDisk", atLeast: Limits.leastDisk, &reader) ?? 64 << 20
        maxBoots = reader.integer("maxBoots", in: 1...100) ?? Self.defaultMaxBoots
        labels = Self.labels(&reader)
        reader.finish()
        guard reader.diagnostics.isEmpty, let device, let channel, let repository else {
            throw InvalidDocument(reader.diagnostics)
        }
        self.device = device
        self.channel = channel
        self.repository = repository
        self.broker = broker
    }

    private static func device(_ reader: inout MappingReader) -> DeviceID? {
        guard let (text, position) = reader.requiredText("device") else { return nil }
        if let id = DeviceID(text) { return id }
        reader.report(
            at: position, "`\(text)` is not a device id", fix: "Use \(DeviceID.rule).")
        return nil
    }

    private static func channel(_ reader: inout MappingReader) -> String? {
        guard let (text, position) = reader.requiredText("channel") else { return nil }
        if isName(text) { return text }
        reader.report(
            at: position, "`\(text)` is not a channel's name",
            fix: "Use the name of the branch that this device follows, such as main.")
        return nil
    }

    private static func repository(_ reader: inout MappingReader, file: String) -> Repository? {
        guard let node = reader.requiredNode("repository") else { return nil }
        var inner = MappingReader(node, file: file, what: "`repository`")
        let repository = Repository(
            url: inner.requiredText("url")?.value ?? "",
            fetchUser: inner.text("fetchUser")?.value ?? "flotilla-fetch",
            ca: inner.text("ca")?.value, certificate: inner.text("certificate")?.value,
            key: inner.text("key")?.value, sshKey: inner.text("sshKey")?.value,
            knownHosts: inner.text("knownHosts")?.value, user: inner.text("user")?.value,
            passwordFile: inner.text("passwordFile")?.value,
            idleTimeout: inner.duration("idleTimeout") ?? .seconds(60))
        inner.finish()
        reader.take(inner.diagnostics)
        return repository
    }

    private static func interval(_ key: String, _ reader: inout MappingReader) -> Duration? {
        guard let interval = reader.duration(key) else { return nil }
        if interval >= Limits.shortestInterval { return interval }
        reader.report(
            at: reader.node(key)?.position ?? reader.node.position,
            "`\(key)` is shorter than \(Limits.shortestInterval.flotillaText)",
            fix: "Write a longer time span, such as `\(key): 5m`.")
        return nil
    }

    private static func bytes(
        _ key: String, atLeast least: Int64, _ reader: inout MappingReader
    ) -> Int64? {
        guard let (text, position) = reader.text(key) else { return nil }
        let count: Int64
        do throws(TextFault) {
            count = try ByteCount.parse(text)
        } catch {
            reader.report(at: position, error.message, fix: error.fix)
            return nil
        }
        if count >= least { return count }
        reader.report(
            at: position, "`\(key)` is less than \(least >> 20)MiB",
            fix: "Write at least `\(key): \(least >> 20)MiB`.")
        return nil
    }

    private static func labels(_ reader: inout MappingReader) -> [String: String] {
        var labels: [String: String] = [:]
        for entry in reader.mapping("labels") {
            guard case .scalar(let scalar) = entry.value.content else {
                reader.report(
                    at: entry.value.position, "the label `\(entry.key)` must be a text",
                    fix: "Write `\(entry.key): value`.")
                continue
            }
            labels[entry.key] = scalar.text
        }
        return labels
    }
}
