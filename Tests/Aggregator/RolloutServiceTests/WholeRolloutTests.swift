import ChannelWatch
import Digests
import Documents
import FleetAnswers
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import Resolution
import RolloutEngine
import SchemaSupport
import TestSupport
import Testing
import WireMessages

@testable import RolloutService

@Suite(.timeLimit(.minutes(3)), .serialized) struct WholeRolloutTests {
    /// What the devices of the bench should have under a release, found as they find it.
    private func digest(
        _ bench: AggregatorBench, _ device: ScriptedDevice, role: String, under release: Revision
    ) throws -> ContentDigest {
        var settings = ChannelSettings(
            channel: try #require(ChannelName("harbour/main")),
            folder: bench.folder.appendingPathComponent("own-\(UUID().uuidString)").path,
            anchorFile: bench.folder.appendingPathComponent("anchor").path)
        settings.pollEvery = .seconds(1)
        let channel = try VerifiedChannel(settings)
        let fetch = DirectFetch(
            RepositoryAccess(url: bench.repository.folder.path), branch: "main", allowLocal: true)
        _ = try channel.advance(to: fetch.fetch(channel.order(), isStopped: { false }))
        let identity = DeviceIdentity(
            id: device.id, channel: "main", localLabels: ["role": role], architecture: "arm64",
            agent: try AgentVersion("0.1.0"))
        let found = try channel.expectations(of: [identity], under: release)
        guard case .digest(let digest)? = found[device.id] else {
            throw Timeout(description: "\(found)")
        }
        return digest
    }

    private func standing(
        of device: ScriptedDevice, in service: RolloutService
    ) async -> String? {
        await service.device(device.id)?["state"]?.text
    }

    /// What the API answers is what docs/openapi.yaml describes, and nothing else.
    private func checkShapes(
        _ service: RolloutService, of device: ScriptedDevice
    ) async throws {
        let checker = try SchemaChecker.ofTheAPI()
        let answers: [(path: String, answer: JSONValue?)] = [
            ("/healthz", await service.health()), ("/v1/rollouts", await service.rollouts()),
            ("/v1/devices", await service.devices(DeviceQuery())),
            ("/v1/devices/{id}", await service.device(device.id)),
            ("/v1/devices/{id}/why", await service.why(device.id)),
            ("/v1/drift", await service.drift()),
            ("/v1/events", await service.events(EventQuery(after: 0))),
        ]
        for (path, answer) in answers {
            let node = try parse(Array(try #require(answer).canonical.utf8))
            #expect(checker.faults(ofAnswer: node, to: path) == [], "\(path)")
        }
    }

    @Test("A release goes through its waves, on what devices verifiably say")
    func waves() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let canary = try bench.device("canary-1")
            let gateway = try bench.device("gw-1")
            defer {
                canary.stop()
                gateway.stop()
            }
            let before = try digest(bench, canary, role: "canary", under: bench.first)
            canary.say(
                bench.state(
                    canary, role: "canary", sequence: 1, digest: before, revision: bench.first))
            gateway.say(
                bench.state(gateway, sequence: 1, digest: before, revision: bench.first))
            try await bench.serving(bench.service()) { service in
                try await eventually("both are known and the first release is through") {
                    let total = await service.devices(DeviceQuery())["total"]
                    return await service.rollouts()["current"]?["standing"]?.text == "complete"
                        && total == 2
                }
                // The change.
                let second = try bench.release("second\n", at: 1)
                let after = try digest(bench, canary, role: "canary", under: second)
                await service.pushed()
                try await eventually("the canary may move, and the gateway waits") {
                    let order = canary.heard.orders.last
                    let standings = await [
                        standing(of: canary, in: service), standing(of: gateway, in: service),
                    ]
                    return order?.release == second
                        && order?.opens(
                            to: canary.id,
                            labels: Labels(["role": Label("canary", from: .local)])) == true
                        && order?.opens(
                            to: gateway.id,
                            labels: Labels(["role": Label("gateway", from: .local)])) == false
                        && standings == ["moving", "waiting"]
                }
                let order = try #require(canary.heard.orders.last)
                canary.say(bench.events(canary, [outcome("confirmed", second, after)]))
                canary.say(
                    bench.state(
                        canary, role: "canary", sequence: 2, digest: after, revision: second,
                        order: order.sequence, generation: 2))
                try await eventually("it is acknowledged, and the gateway's wave opens") {
                    let own = await standing(of: canary, in: service)
                    return canary.heard.acks.contains { $0.upto == 1 && $0.epoch == 1 }
                        && gateway.heard.orders.last?.opens(
                            to: gateway.id,
                            labels: Labels(["role": Label("gateway", from: .local)])) == true
                        && own == "succeeded"
                }
                gateway.say(bench.events(gateway, [outcome("failed", second, after)]))
                try await eventually("a failure halts it, and every device hears that") {
                    await service.rollouts()["current"]?["standing"]?.text == "halted"
                        && canary.heard.orders.last?.standing == .halted
                }
                try await checkTelling(service, of: gateway)
                try await checkShapes(service, of: gateway)
                // Signatures count by the devices' own judge, with the channel's own keys.
                try checkOrders(canary.heard.orderBytes, bench)
            }
        }
    }

    private func outcome(
        _ kind: String, _ release: Revision, _ digest: ContentDigest
    ) -> DeviceEvent {
        DeviceEvent(
            sequence: 1, kind: kind, generation: 2, revision: release, digest: digest,
            detail: kind == "failed" ? "the gate" : "", at: Clocks.wall())
    }

    /// What people and programs are told of it.
    private func checkTelling(_ service: RolloutService, of gateway: ScriptedDevice) async throws {
        let why = try #require(await service.why(gateway.id))
        #expect(why["verdict"]?.text == "The release failed on it.")
        #expect(why["steps"]?.items.contains { $0["ok"] == false } == true)
        let events = await service.events(EventQuery())
        #expect(
            events["events"]?.items.compactMap { $0["kind"]?.text } == [
                "confirmed", "failed",
            ])
        #expect(await service.health()["status"] == "ok")
    }

    private func checkOrders(_ messages: [[UInt8]], _ bench: AggregatorBench) throws {
        #expect(!messages.isEmpty)
        for bytes in messages {
            let signed = try SignedMessage(reading: parse(bytes))
            let folder = bench.folder
            try Data(signed.signature).write(to: folder.appendingPathComponent("order.sig"))
            let signers = try bench.repository.git("show", "HEAD:trust/allowed_signers").output
            try Data(signers).write(to: folder.appendingPathComponent("signers"))
            // As anybody can check it by hand.
            try run(
                "ssh-keygen",
                [
                    "-Y", "verify", "-f", folder.appendingPathComponent("signers").path, "-I",
                    "aggregator@harbour", "-n", "flotilla-order", "-s",
                    folder.appendingPathComponent("order.sig").path,
                ], input: Data(signed.payload))
        }
    }

    @Test("A refused tip opens nothing, and is told")
    func refusedTip() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let mallory = try TestKey("mallory", in: folder)
            try await bench.serving(bench.service()) { service in
                try await eventually("the first release is known") {
                    await service.rollouts()["current"]?["release"]?.text == bench.first.text
                }
                let evil = try bench.release("evil\n", at: 1, key: mallory)
                await service.pushed()
                try await eventually("the refusal is told") {
                    await service.rollouts()["trust"]?["refusal"]?["code"]?.text
                        == "unknownSigner"
                }
                let rollouts = await service.rollouts()
                #expect(rollouts["tip"]?.text == evil.text)
                #expect(rollouts["trust"]?["release"]?.text == bench.first.text)
                #expect(rollouts["current"]?["release"]?.text == bench.first.text)
                let health = await service.health()
                #expect(health["git"]?.text == "the channel's tip is refused")
                #expect(health["status"] == "ok")
            }
        }
    }
}
