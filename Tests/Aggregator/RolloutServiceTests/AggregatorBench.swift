import ChannelWatch
import Digests
import Documents
import FleetAnswers
import FleetModel
import Foundation
import HostSystem
import Ingest
import JSONDocument
import MQTTLink
import NetworkStreams
import ReleaseTrust
import RolloutEngine
import Signatures
import Synchronization
import TestSupport
import Testing
import WireMessages

@testable import RolloutService

func parse(_ bytes: [UInt8]) throws -> Node { try JSON.parse(bytes, file: "test") }

/// A certificate of a PEM file without its armor.
func der(_ file: URL) throws -> [UInt8] {
    Array(try run("openssl", ["x509", "-in", file.path, "-outform", "DER"]))
}

/// What a test waits for did not come in time.
struct Timeout: Error, CustomStringConvertible { let description: String }

/// Waits until something holds.
func eventually(
    _ what: String, within seconds: Double = 30, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw Timeout(description: "not in time: \(what)")
}

/// What a service said to people.
final class LogKeeper: Sendable {
    let lines = Mutex<[String]>([])
}

/// A whole world around one aggregator: a fleet repository with real signatures, a real broker with
/// the shipped configuration, and a database.
final class AggregatorBench {
    let folder: URL
    let repository: TestRepository
    let broker: BrokerServer
    let alice: TestKey
    let first: Revision
    let aggregatorKey: URL
    private let aggregatorIdentity: TestAuthority.Identity
    let log = LogKeeper()

    static let waves = """
        format: 1
        waves:
          - {name: canary, match: "role=canary", soak: 0s}
          - {name: half, limit: 50%, soak: 0s}
        stop: {failures: 1}
        silentAfter: 2s
        """

    init(in folder: URL) throws {
        self.folder = folder
        broker = try BrokerServer(in: folder.appendingPathComponent("broker"))
        aggregatorIdentity = try broker.aggregator()
        aggregatorKey = aggregatorIdentity.key
        alice = try TestKey("alice", in: folder)
        repository = try TestRepository(in: folder.appendingPathComponent("fleet"))
        let key = try SigningKey(pemFile: Array(Data(contentsOf: aggregatorKey)))
        let signers = """
            alice namespaces="git,flotilla-release,flotilla-command" \(alice.publicText)
            aggregator@harbour namespaces="flotilla-order,flotilla-ack" \(key.publicKey.text)

            """
        let files = [
            "fleet.yaml": """
            format: 1
            name: harbour
            rollout: waves
            labels: {local: {role: [canary, gateway]}}

            """,
            "rollout.yaml": Self.waves, "trust/allowed_signers": signers,
            "trust/policy.yaml": "format: 1\n",
            "bundles/web/bundle.yaml":
                "match: role\nfiles:\n  - {source: files/plain, path: /etc/web/plain}\n",
            "bundles/web/files/plain": "first\n",
        ]
        for (path, text) in files { try repository.write(path, text) }
        first = try #require(
            Revision(
                try repository.commit("First\n\nFlotilla-Channel: harbour/main", key: alice)))
        let anchor = TrustAnchor(
            channel: try #require(ChannelName("harbour/main")), release: first,
            allowedSigners: try AllowedSigners(text: signers, file: "anchor"))
        try Data(anchor.json.pretty.utf8).write(to: folder.appendingPathComponent("anchor"))
    }

    deinit { broker.kill() }

    func device(_ id: String, epoch: Int64 = 1) throws -> ScriptedDevice {
        try ScriptedDevice(
            id, broker.device(id), authority: broker.authority.certificate, port: broker.port,
            epoch: epoch)
    }

    @discardableResult
    func release(_ content: String, at minutes: Int64, key: TestKey? = nil) throws -> Revision {
        try repository.write("bundles/web/files/plain", content)
        return try #require(
            Revision(
                try repository.commit(
                    "Change\n\nFlotilla-Channel: harbour/main", key: key ?? alice,
                    at: 1_700_000_000 + minutes * 60)))
    }

    func service(pollEvery: Duration = .seconds(3_600)) throws -> RolloutService {
        let channel = try #require(ChannelName("harbour/main"))
        var channelSettings = ChannelSettings(
            channel: channel, folder: folder.appendingPathComponent("state/channel").path,
            anchorFile: folder.appendingPathComponent("anchor").path, pollEvery: pollEvery)
        channelSettings.shortestGap = .milliseconds(1)
        let watch = try ChannelWatch(
            channelSettings,
            fetching: DirectFetch(
                RepositoryAccess(url: repository.folder.path), branch: "main", allowLocal: true))
        var tls = TLSSettings()
        tls.authoritiesFile = broker.authority.certificate.path
        tls.certificateFile = aggregatorIdentity.certificate.path
        tls.keyFile = aggregatorIdentity.key.path
        let topics = FleetTopics(fleet: "harbour")
        var bus = IngestSettings(
            channel: channel, topics: topics,
            broker: BrokerAddress(host: BrokerServer.name, port: broker.port), tls: tls,
            clientID: "aggregator@harbour", authorityFile: broker.authority.certificate.path,
            revokedFile: broker.authority.revoked.path)
        bus.addresses = { _ in ["127.0.0.1"] }
        bus.shortestReconnect = .milliseconds(50)
        bus.slowestReconnect = .milliseconds(500)
        bus.log = { [log] line in log.lines.withLock { $0.append(line) } }
        var settings = ServiceSettings(
            channel: channel, topics: topics,
            storeFile: folder.appendingPathComponent("state/fleet.sqlite").path,
            key: try SigningKey(pemFile: Array(Data(contentsOf: aggregatorKey))))
        settings.pace.catchUp = .milliseconds(100)
        settings.log = bus.log
        return try RolloutService(settings, watch: watch, ingest: Ingest(bus))
    }

    /// Runs a service while `body` runs. `body` may throw; the service ends either way.
    func serving<Result: Sendable>(
        _ service: RolloutService, _ body: (RolloutService) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            do {
                let result = try await body(service)
                await service.stop()
                try await group.waitForAll()
                return result
            } catch {
                print(log.lines.withLock { $0.joined(separator: "\n") })
                print(broker.log.split(separator: "\n").suffix(20).joined(separator: "\n"))
                await service.stop()
                throw error
            }
        }
    }
}

// MARK: What a device says

extension AggregatorBench {
    /// The digest that a device of these labels should have when the file holds `content`.
    func state(
        _ device: ScriptedDevice, role: String = "gateway", epoch: Int64 = 1, sequence: Int64,
        digest: ContentDigest?, revision: Revision?, order: Int64? = nil, generation: Int = 1
    ) -> ReportedState {
        var state = ReportedState(
            fleet: "harbour", channel: "main", device: device.id, epoch: epoch,
            sequence: sequence, at: Clocks.wall(), agent: "0.1.0")
        state.digest = digest
        state.revision = revision
        state.confirmed = digest != nil
        state.generation = digest == nil ? 0 : generation
        state.order = order
        state.labels = Labels([
            "role": Label(role, from: .local), "arch": Label("arm64", from: .builtIn),
        ])
        state.facts = ["arch": "arm64"]
        return state
    }

    func events(
        _ device: ScriptedDevice, epoch: Int64 = 1, _ events: [DeviceEvent]
    ) -> EventBatch {
        EventBatch(
            fleet: "harbour", channel: "main", device: device.id, epoch: epoch, events: events)
    }
}

// MARK: Looking into answers

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var number: Int64? {
        guard case .integer(let number) = self else { return nil }
        return number
    }

    var items: [JSONValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }
}
