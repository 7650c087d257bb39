import Documents
import Foundation
import HostSystem
import JSONDocument
import TestSupport
import Testing

/// The built aggregator with a real broker, a real Git server and a configuration that people would
/// write.
@Suite(.serialized) struct AggregatorTests {
    private struct World {
        let folder: URL
        let broker: BrokerServer
        let repository: TestRepository
        let alice: TestKey
        let program: String
        let operatorIdentity: TestAuthority.Identity

        init(in folder: URL) throws {
            self.folder = folder
            program = try builtProgram("flotilla-aggregator")
            broker = try BrokerServer(
                in: folder.appendingPathComponent("broker"), operators: ["alice"],
                names: "IP:127.0.0.1")
            operatorIdentity = try broker.operator("alice")
            alice = try TestKey("alice", in: folder)
            repository = try TestRepository(in: folder.appendingPathComponent("git/fleet"))
        }

        var configuration: String { folder.appendingPathComponent("aggregator.yaml").path }

        func configure(git: GitServer) throws {
            let identity = try broker.aggregator()
            let text = """
                fleet: harbour
                channel: main
                anchor: \(folder.path)/anchor
                repository: {url: "\(git.url("fleet/.git"))"}
                broker:
                  url: mqtts://127.0.0.1:\(broker.port)
                  ca: \(broker.authority.certificate.path)
                  certificate: \(identity.certificate.path)
                  key: \(identity.key.path)
                authority: {ca: \(broker.authority.certificate.path), revoked: \(broker.authority.revoked.path)}
                key: \(identity.key.path)
                state: \(folder.path)/state
                listen: 127.0.0.1:0
                """
            try Data(text.utf8).write(to: URL(fileURLWithPath: configuration))
        }

        /// The first release, whose keys are these lines, and its anchor.
        func publish(signers: String) throws {
            let files = [
                "fleet.yaml": "format: 1\nname: harbour\nrollout: waves\n",
                "rollout.yaml": "format: 1\n", "trust/policy.yaml": "format: 1\n",
                "trust/allowed_signers": signers,
            ]
            for (path, text) in files { try repository.write(path, text) }
            let release = try repository.commit(
                "First\n\nFlotilla-Channel: harbour/main", key: alice)
            let anchor: JSONValue = [
                "format": 1, "fleet": "harbour", "channel": "main", "release": .string(release),
                "allowed_signers": .string(signers),
            ]
            try Data(anchor.pretty.utf8).write(to: folder.appendingPathComponent("anchor"))
        }

        func run(_ command: String) throws -> ChildOutcome {
            try ChildCommand(program, [command, "--config", configuration], outputLimit: 64 << 10)
                .run(deadline: .seconds(60))
        }

        /// What is retained on a topic.
        func retained(_ topic: String) throws -> String {
            let output = try TestSupport.run(
                "mosquitto_sub",
                [
                    "-h", "127.0.0.1", "-p", "\(broker.port)", "-V", "mqttv5", "-C", "1", "-W",
                    "20", "--cafile", broker.authority.certificate.path, "--cert",
                    operatorIdentity.certificate.path, "--key", operatorIdentity.key.path, "-t",
                    topic,
                ])
            return String(decoding: output, as: UTF8.self)
        }
    }

    /// A running aggregator.
    private struct Running {
        let child: RunningChild

        init(_ world: World) throws {
            child = try ChildCommand(
                world.program, ["run", "--config", world.configuration], outputLimit: 1 << 20
            ).start()
        }

        var log: String {
            child.collect()
            return String(decoding: child.errors, as: UTF8.self)
        }

        func wait<Value>(_ what: String, _ find: () throws -> Value?) throws -> Value {
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                if let value = try find() { return value }
                if let status = child.reap() {
                    throw ChildFailure(description: "\(what): it ended, \(status)\n\(log)")
                }
                usleep(20_000)
            }
            throw ChildFailure(description: "\(what): not in time\n\(log)")
        }

        /// Waits until it answers that it is well. Returns where it listens.
        func waitUntilWell() throws -> String {
            let address = try wait("listening") {
                log.split(separator: "\n").compactMap { line in
                    line.components(separatedBy: "listening on ").dropFirst().first
                }.first
            }
            return try wait("well") {
                let answer = try? run("curl", ["-s", "\(address)/healthz"])
                let text = answer.map { String(decoding: $0, as: UTF8.self) } ?? ""
                return text.contains("\"status\":\"ok\"") ? address : nil
            }
        }

        func end(with signal: Int32) throws -> HostSystem.ExitStatus {
            child.endGroup(with: signal)
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end {
                if let status = child.reap() { return status }
                child.collect()
                usleep(20_000)
            }
            throw ChildFailure(description: "it does not end\n\(log)")
        }
    }

    @Test("it checks itself, runs, survives SIGKILL with the same order, and ends orderly")
    func life() throws {
        try withTemporaryFolder { folder in
            let world = try World(in: folder)
            defer { world.broker.kill() }
            try withGitServer(serving: folder.appendingPathComponent("git")) { git in
                try world.configure(git: git)
                // `check` prints the line that is missing.
                let alice = "alice \(world.alice.publicText)\n"
                try world.publish(signers: alice)
                let bad = try world.run("check")
                #expect(bad.status == .ended(.exited(1)))
                let line = try #require(
                    bad.outputText.split(separator: "\n").first {
                        $0.contains("aggregator@harbour namespaces=")
                    }, "\(bad.outputText)\(bad.errorText)")
                try world.publish(
                    signers: alice + line.trimmingCharacters(in: .whitespaces) + "\n")
                let good = try world.run("check")
                #expect(good.isSuccess, "\(good.outputText)\(good.errorText)")

                let first = try Running(world)
                _ = try first.waitUntilWell()
                let topic = "flotilla/harbour/channels/main/order"
                let order = try world.retained(topic)
                #expect(order.contains("BEGIN SSH SIGNATURE"))
                // Nobody else may use its folder.
                let second = try world.run("run")
                #expect(second.status == .ended(.exited(3)))
                #expect(second.errorText.contains("another aggregator"))
                #expect(try first.end(with: SIGKILL) == .signalled(Int(SIGKILL)))

                let again = try Running(world)
                let address = try again.waitUntilWell()
                #expect(try world.retained(topic) == order)
                let token = try String(
                    contentsOf: folder.appendingPathComponent("state/token"), encoding: .utf8
                ).trimmingCharacters(in: .newlines)
                let rollouts = try run(
                    "curl",
                    ["-s", "-H", "Authorization: Bearer \(token)", "\(address)/v1/rollouts"])
                #expect(
                    String(decoding: rollouts, as: UTF8.self).contains("\"channel\":\"main\""))
                #expect(try again.end(with: SIGTERM) == .exited(0), "\(again.log)")
                #expect(
                    try world.retained("flotilla/harbour/aggregators/1/status")
                        .contains("\"online\":false"))
            }
        }
    }

    @Test("what is wrong with the configuration is told with its place, and nothing is started")
    func badConfiguration() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("a.yaml")
            try Data("fleet: harbour\nchanel: main\n".utf8).write(to: file)
            let program = try builtProgram("flotilla-aggregator")
            for (command, status) in [("check", 1), ("run", 3)] {
                let outcome = try ChildCommand(
                    program, [command, "--config", file.path], outputLimit: 64 << 10
                ).run(deadline: .seconds(30))
                #expect(outcome.status == .ended(.exited(status)))
                #expect(outcome.errorText.contains("a.yaml:2:1: unknown key `chanel`"))
            }
        }
    }
}
