import Documents
import FleetModel
import Foundation
import ReleaseTrust
import Resolution
import TestSupport
import Testing

@testable import ChannelWatch

/// A fleet repository with real signatures, and the anchor of its first release.
struct WatchedFleet {
    static let channel = "harbour/main"

    let folder: URL
    let repository: TestRepository
    let alice: TestKey
    let mallory: TestKey
    let first: Revision

    init(in folder: URL) throws {
        self.folder = folder
        repository = try TestRepository(in: folder.appendingPathComponent("fleet"))
        alice = try TestKey("alice", in: folder)
        mallory = try TestKey("mallory", in: folder)
        let files = [
            "fleet.yaml": """
            format: 1
            name: harbour
            labels: {local: {role: [gateway, kiosk]}}

            """,
            "trust/allowed_signers": "alice \(alice.publicText)\n",
            "trust/policy.yaml": "format: 1\n",
            "bundles/web/bundle.yaml": """
            match: role=gateway
            files:
              - {source: files/site.conf, path: /etc/web/site.conf, template: true}
              - {source: files/plain, path: /etc/web/plain}

            """,
            "bundles/web/files/site.conf": "# {{ device.id }}\n",
            "bundles/web/files/plain": "plain\n",
        ]
        for (path, text) in files { try repository.write(path, text) }
        first = try #require(
            Revision(
                try repository.commit(
                    "First\n\nFlotilla-Channel: \(Self.channel)", key: alice)))
        let anchor = TrustAnchor(
            channel: try #require(ChannelName(Self.channel)), release: first,
            allowedSigners: try AllowedSigners(
                text: "alice \(alice.publicText)\n", file: "anchor"))
        try Data(anchor.json.pretty.utf8).write(to: folder.appendingPathComponent("anchor"))
    }

    /// Publishes the working folder as it is, `minutes` after the first release.
    @discardableResult
    func release(
        _ subject: String, at minutes: Int64, key: TestKey? = nil, channel: String = channel
    ) throws -> Revision {
        let text = try repository.commit(
            "\(subject)\n\nFlotilla-Channel: \(channel)", key: key ?? alice,
            at: 1_700_000_000 + minutes * 60)
        return try #require(Revision(text))
    }

    var settings: ChannelSettings {
        get throws {
            var settings = ChannelSettings(
                channel: try #require(ChannelName(Self.channel)),
                folder: folder.appendingPathComponent("state").path,
                anchorFile: folder.appendingPathComponent("anchor").path,
                pollEvery: .seconds(3_600))
            settings.shortestGap = .milliseconds(1)
            return settings
        }
    }

    var localFetch: DirectFetch {
        DirectFetch(
            RepositoryAccess(url: repository.folder.path), branch: "main", allowLocal: true)
    }

    func open() throws -> VerifiedChannel { try VerifiedChannel(settings) }

    /// What a look does.
    @discardableResult
    func look(_ channel: VerifiedChannel) throws -> ChainVerdict {
        let tip = try localFetch.fetch(channel.order(), isStopped: { false })
        return try channel.advance(to: tip)
    }
}

func device(_ id: String, role: String? = "gateway", agent: String = "0.1.0") throws
    -> DeviceIdentity
{
    DeviceIdentity(
        id: try #require(DeviceID(id)), channel: "main",
        localLabels: role.map { ["role": $0] } ?? [:], architecture: "arm64",
        agent: try AgentVersion(agent))
}

func withWatchedFleet<Result>(_ body: (WatchedFleet) throws -> Result) throws -> Result {
    try withTemporaryFolder { try body(try WatchedFleet(in: $0)) }
}
