import Digests
import Documents
import FleetAnswers
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing
import WireMessages

@testable import RolloutService

@Suite(.timeLimit(.minutes(3)), .serialized) struct CommandTests {
    /// A command as `flotilla rollout` makes it: signed by the real ssh-keygen.
    private func command(
        _ kind: OperatorCommand.Kind, by key: TestKey, id: String = UUID().hex,
        channel: String = "main", namespace: String = "flotilla-command",
        life: Duration = .seconds(600), issued: Instant = Clocks.wall()
    ) throws -> [UInt8] {
        let command = OperatorCommand(
            kind: kind, fleet: "harbour", channel: channel, id: id, reason: "a test",
            issued: issued, expires: issued + life)
        return try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("payload")
            try Data(command.payload).write(to: file)
            try run(
                "ssh-keygen", ["-q", "-Y", "sign", "-f", key.path, "-n", namespace, file.path])
            let signature = try Data(contentsOf: file.appendingPathExtension("sig"))
            return SignedMessage(payload: command.payload, signature: Array(signature)).bytes
        }
    }

    private func refusal(_ answer: CommandAnswer) -> CommandRefusal? {
        if case .refused(let refusal) = answer { refusal } else { nil }
    }

    @Test("An operator pauses and goes on; every device hears of it")
    func pauseAndResume() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let gateway = try bench.device("gw-1")
            defer { gateway.stop() }
            gateway.say(
                bench.state(gateway, sequence: 1, digest: SHA256.hash([0]), revision: nil))
            try await bench.serving(bench.service()) { service in
                try await eventually("the order is there") { !gateway.heard.orders.isEmpty }
                let pause = try command(.pause, by: bench.alice)
                #expect(await service.command(pause) == .accepted(standing: "paused"))
                try await eventually("it is heard") {
                    gateway.heard.orders.last?.standing == .paused
                }
                // The same one again is no second command.
                #expect(refusal(await service.command(pause))?.code == "replayed")
                let again = try command(.pause, by: bench.alice)
                #expect(refusal(await service.command(again))?.kind == .conflict)
                let resume = try command(.resume, by: bench.alice)
                #expect(await service.command(resume) == .accepted(standing: "rolling"))
                let rollouts = await service.rollouts()
                let texts = rollouts["current"]?["decisions"]?.items.compactMap {
                    $0["text"]?.text
                }
                #expect(texts?.contains { $0.contains("paused by alice: a test") } == true)
            }
            // A command that was obeyed is remembered by who starts again.
            let abort = try command(.abort, by: bench.alice)
            try await bench.serving(bench.service()) { service in
                #expect(await service.command(abort) == .accepted(standing: "aborted"))
            }
            try await bench.serving(bench.service()) { service in
                #expect(refusal(await service.command(abort))?.code == "replayed")
                #expect(await service.rollouts()["current"]?["standing"]?.text == "aborted")
            }
        }
    }

    @Test("Nobody else is obeyed, for no other channel, and nothing old")
    func refused() async throws {
        try await withTemporaryFolder { folder in
            let bench = try AggregatorBench(in: folder)
            let mallory = try TestKey("mallory", in: folder)
            try await bench.serving(bench.service()) { service in
                try await eventually("the channel is known") {
                    await service.rollouts()["current"] != .null
                }
                let old = Clocks.wall() + .seconds(-3_600)
                let cases: [([UInt8], CommandRefusal.Kind, String)] = [
                    (try command(.abort, by: mallory), .forbidden, "unknownKey"),
                    (
                        try command(.abort, by: bench.alice, channel: "production"), .forbidden,
                        "notForUs"
                    ),
                    (
                        try command(.abort, by: bench.alice, namespace: "git"), .forbidden,
                        "wrongNamespace"
                    ),
                    (try command(.abort, by: bench.alice, issued: old), .forbidden, "expired"),
                    (
                        try command(.abort, by: bench.alice, life: .seconds(86_400)), .forbidden,
                        "tooLong"
                    ),
                    (Array("[[[".utf8), .malformed, "malformed"),
                    ([UInt8](repeating: 0x5b, count: 100_000), .malformed, "malformed"),
                ]
                for (message, kind, code) in cases {
                    let refusal = refusal(await service.command(message))
                    #expect(refusal?.kind == kind)
                    #expect(refusal?.code == code)
                    #expect(refusal?.fix.isEmpty == false)
                }
                #expect(await service.rollouts()["current"]?["standing"]?.text != "aborted")
            }
        }
    }
}

extension UUID {
    /// 32 hexadecimal digits.
    var hex: String { uuidString.lowercased().filter { $0 != "-" } }
}
