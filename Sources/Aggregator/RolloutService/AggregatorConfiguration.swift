package import ChannelWatch
package import Documents
package import FleetAnswers
package import FleetModel
internal import HostSystem
package import MQTTLink
internal import WireMessages
internal import YAMLDocument

/// `aggregator.yaml`: which fleet and channel, and where everything is.
package struct AggregatorConfiguration: Equatable, Sendable {
    /// Where the broker is, and who we are there.
    package struct Broker: Equatable, Sendable {
        package var address: BrokerAddress
        package var ca: String
        package var certificate: String
        package var key: String
        /// What all topics begin with.
        package var topic: String
    }

    /// Where the API listens.
    package struct Listener: Equatable, Sendable {
        package var address: ListenAddress
        package var certificate: String?
        package var key: String?

        package var scheme: String { certificate == nil ? "http" : "https" }
    }

    package var channel: ChannelName
    package var anchor: String
    package var repository: RepositoryAccess
    package var broker: Broker
    /// The authority of the devices' certificates, and its list of revoked ones.
    package var authority: String
    package var revoked: String?
    /// What orders and acknowledgements are signed with.
    package var key: String
    package var state: String
    package var listener: Listener
    /// What readers of the API show. It is made at the first start, so it stands by default where
    /// the aggregator may write, and not in /etc.
    package var tokenFile: String
    /// What a Git server shows that tells of a push. A file of its own: whoever runs that server
    /// need not read the API.
    package var hookTokenFile: String
    package var pollEvery: Duration
    /// Names by which the API is reached, besides its address.
    package var hostNames: [String]

    package static let defaultFile = "/etc/flotilla/aggregator.yaml"

    /// Reads a file. A missing one is an error that says how to write it.
    package init(file: String) throws(InvalidDocument) {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Root.contents(ofHostFile: file, limit: Limits.yamlBytes)
        } catch {
            throw InvalidDocument(
                Diagnostic(
                    file: file, message: error.description,
                    fix: "Let the aggregator's user read it."))
        }
        guard let bytes else {
            throw InvalidDocument(
                Diagnostic(
                    file: file, message: "the aggregator's configuration is missing",
                    fix: "Write `fleet:`, `channel:`, `repository:`, `broker:`, `authority:` and "
                        + "`key:` to it; see docs/operations.md."))
        }
        try self.init(reading: try YAML.parse(bytes, file: file), file: file)
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the aggregator's configuration")
        let channel = Self.channel(&reader)
        let repository = Self.repository(&reader)
        let broker = Self.broker(&reader, fleet: channel?.fleet)
        let authority = Self.authority(&reader)
        let key = reader.requiredPath("key")
        let listener = Self.listener(&reader)
        anchor = reader.path("anchor") ?? "/etc/flotilla/anchor"
        let state = reader.path("state") ?? "/var/lib/flotilla-aggregator"
        self.state = state
        tokenFile = reader.path("tokenFile") ?? "\(state)/token"
        hookTokenFile = reader.path("hookTokenFile") ?? "\(state)/hook-token"
        hostNames = reader.texts("hostNames").map(\.value)
        pollEvery = Self.pollEvery(&reader)
        reader.finish()
        guard reader.diagnostics.isEmpty, let channel, let repository, let broker, let authority,
            let key, let listener
        else { throw InvalidDocument(reader.diagnostics) }
        self.channel = channel
        self.repository = repository
        self.broker = broker
        self.authority = authority.ca
        revoked = authority.revoked
        self.key = key
        self.listener = listener
    }

    private static func channel(_ reader: inout MappingReader) -> ChannelName? {
        let fleet = reader.requiredText("fleet")
        let name = reader.requiredText("channel")
        guard let fleet, let name else { return nil }
        for (key, text) in [("fleet", fleet), ("channel", name)] where !isName(text.value) {
            reader.report(
                at: text.position, "`\(key)` can't be `\(text.value)`",
                fix: "Use \(DeviceID.rule).")
        }
        return ChannelName(fleet: fleet.value, channel: name.value)
    }

    private static func broker(_ reader: inout MappingReader, fleet: String?) -> Broker? {
        guard let node = reader.requiredNode("broker") else { return nil }
        var inner = MappingReader(node, file: reader.file, what: "`broker`")
        defer { reader.take(inner.diagnostics) }
        let url = inner.requiredText("url")
        let (ca, certificate) = (inner.requiredPath("ca"), inner.requiredPath("certificate"))
        let key = inner.requiredPath("key")
        let topic = inner.text("topic")
        inner.finish()
        if let topic, !FleetTopics.isBase(topic.value) {
            inner.report(
                at: topic.position, "`\(topic.value)` can't begin topics",
                fix: "Write levels with `/` between them, without `+`, `#` and spaces.")
        }
        guard let url, let ca, let certificate, let key else { return nil }
        guard let address = BrokerAddress(url: url.value) else {
            inner.report(
                at: url.position, "`\(url.value)` is not the URL of a broker with TLS",
                fix: "Write `url: mqtts://broker.example:8883`.")
            return nil
        }
        return Broker(
            address: address, ca: ca, certificate: certificate, key: key,
            topic: topic?.value ?? FleetTopics(fleet: fleet ?? "").base)
    }

    private static func authority(
        _ reader: inout MappingReader
    ) -> (ca: String, revoked: String?)? {
        guard let node = reader.requiredNode("authority") else { return nil }
        var inner = MappingReader(node, file: reader.file, what: "`authority`")
        let ca = inner.requiredPath("ca")
        let revoked = inner.path("revoked")
        inner.finish()
        reader.take(inner.diagnostics)
        return ca.map { ($0, revoked) }
    }

    private static func pollEvery(_ reader: inout MappingReader) -> Duration {
        guard let interval = reader.duration("pollEvery") else { return .seconds(60) }
        if interval < Limits.shortestInterval {
            reader.report(
                at: reader.node("pollEvery")?.position,
                "`pollEvery` is shorter than \(Limits.shortestInterval.flotillaText)",
                fix: "Write a longer time span, such as `pollEvery: 60s`.")
        }
        return interval
    }

    /// Beyond this machine only with TLS: the token must not travel in the clear.
    private static func listener(_ reader: inout MappingReader) -> Listener? {
        let text = reader.text("listen")
        let position = text?.position ?? reader.node.position
        var identity: (certificate: String, key: String)?
        if let node = reader.node("tls") {
            var inner = MappingReader(node, file: reader.file, what: "`tls`")
            let (certificate, key) = (
                inner.requiredPath("certificate"), inner.requiredPath("key")
            )
            inner.finish()
            reader.take(inner.diagnostics)
            if let certificate, let key { identity = (certificate, key) }
        }
        guard let address = ListenAddress(text?.value ?? "127.0.0.1:8410") else {
            reader.report(
                at: position, "`\(text?.value ?? "")` is not an address and a port",
                fix: "Write `listen: 127.0.0.1:8410`.")
            return nil
        }
        if !address.isLoopback, identity == nil, reader.node("tls") == nil {
            reader.report(
                at: position,
                "`\(address.host)` can be reached from other machines, and there is no TLS",
                fix: "Add `tls: {certificate: …, key: …}`, or listen on 127.0.0.1.")
        }
        return Listener(
            address: address, certificate: identity?.certificate, key: identity?.key)
    }
}

extension MappingReader {
    /// An absolute path.
    mutating func path(_ key: String) -> String? {
        guard let (text, position) = text(key) else { return nil }
        guard isAbsolutePath(text) else {
            report(
                at: position, "`\(key)` must be an absolute path, not `\(text.prefix(200))`",
                fix: "Write it from `/` on, without `..` and without a slash at the end.")
            return nil
        }
        return text
    }

    mutating func requiredPath(_ key: String) -> String? {
        guard requiredNode(key) != nil else { return nil }
        return path(key)
    }
}
