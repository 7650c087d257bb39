internal import ChannelWatch
internal import Documents
internal import FleetModel
internal import HostSystem
internal import Ingest
internal import NetworkStreams
internal import Signatures
internal import WireMessages

extension RolloutService {
    /// Makes the service of a configuration, with all its parts. `configurationFile` is what the
    /// fetching child reads.
    package static func open(
        _ configuration: AggregatorConfiguration, configurationFile: String,
        log: @escaping @Sendable (String) -> Void
    ) throws -> RolloutService {
        let topics = FleetTopics(base: configuration.broker.topic)
        let lock = try lockState(configuration.state)
        let watch = try ChannelWatch(
            configuration.channelSettings,
            fetching: ChannelDownload.fetching(configurationFile: configurationFile))
        var settings = ServiceSettings(
            channel: configuration.channel, topics: topics,
            storeFile: "\(configuration.state)/fleet.sqlite",
            key: try SigningKey(at: configuration.key))
        settings.log = log
        var bus = configuration.ingestSettings(topics: topics)
        bus.will = Speaker.status(
            AggregatorStatus(online: false, since: Clocks.wall()), topics: topics,
            instance: settings.instance)
        bus.log = log
        return try RolloutService(settings, watch: watch, ingest: Ingest(bus), lock: lock)
    }

    /// Makes the folder where it is missing, and takes the lock that keeps a second aggregator out.
    private static func lockState(_ path: String) throws -> StateLock {
        let root = try Root(makingAt: path)
        guard let lock = try FileLock("/lock", below: root) else {
            throw ServiceFault(
                "another aggregator uses \(path): end it, or give this one another `state` folder")
        }
        return StateLock(lock)
    }
}

/// Holds the lock of the state folder as long as the service lives.
package final class StateLock {
    private let lock: FileLock

    init(_ lock: consuming FileLock) { self.lock = lock }
}

/// Why the service can't begin.
package struct ServiceFault: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension AggregatorConfiguration {
    var channelSettings: ChannelSettings {
        ChannelSettings(
            channel: channel, folder: "\(state)/channel", anchorFile: anchor, pollEvery: pollEvery)
    }

    func ingestSettings(topics: FleetTopics) -> IngestSettings {
        var tls = TLSSettings()
        tls.authoritiesFile = broker.ca
        tls.certificateFile = broker.certificate
        tls.keyFile = broker.key
        return IngestSettings(
            channel: channel, topics: topics, broker: broker.address, tls: tls,
            clientID: "aggregator@\(channel.fleet)", authorityFile: authority,
            revokedFile: revoked)
    }
}

extension SigningKey {
    /// Reads a key's file.
    convenience init(at path: String) throws(ServiceFault) {
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try Root.contents(ofHostFile: path, limit: Limits.credentialFileBytes)
        } catch {
            throw ServiceFault("the key can't be read: \(error)")
        }
        guard let bytes else { throw ServiceFault("the key \(path) is missing") }
        do {
            try self.init(pemFile: bytes)
        } catch {
            throw ServiceFault("the key \(path) \(error)")
        }
    }
}
