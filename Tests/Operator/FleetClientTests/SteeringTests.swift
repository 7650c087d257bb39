import Digests
import Documents
import FleetClient
import FleetModel
import FleetTools
import Foundation
import JSONDocument
import TestSupport
import Testing
import WireMessages

@Suite struct SteeringTests {
    /// A folder of an operator: a key, and a Git that signs with it.
    private struct Desk {
        let folder: URL
        let key: URL
        let publicKey: String

        init(in folder: URL, signingKey: (URL, String) -> String = { key, _ in key.path }) throws {
            self.folder = folder
            key = try makeSSHKey("key", in: folder)
            publicKey = try String(contentsOf: key.appendingPathExtension("pub"), encoding: .utf8)
                .split(separator: " ").prefix(2).joined(separator: " ")
            try run("git", ["init", "--quiet", folder.path])
            try set("gpg.format", "ssh")
            try set("user.signingkey", signingKey(key, publicKey))
        }

        func set(_ name: String, _ value: String) throws {
            try run("git", ["-C", folder.path, "config", name, value])
        }

        /// Whether the real ssh-keygen believes that the operator signed these bytes as a command.
        func verifies(_ payload: [UInt8], _ signature: [UInt8], namespace: String) throws -> Bool {
            let signers = folder.appendingPathComponent("signers")
            try Data(
                "anna namespaces=\"git,flotilla-release,flotilla-command\" \(publicKey)\n".utf8
            ).write(to: signers)
            let file = folder.appendingPathComponent("signature")
            try Data(signature).write(to: file)
            return try runChild(
                [
                    "ssh-keygen", "-Y", "verify", "-f", signers.path, "-I", "anna", "-n",
                    namespace, "-s", file.path,
                ], in: folder, input: payload
            ).status == 0
        }
    }

    private static let accepted = #"{"version":1,"accepted":true,"standing":"paused"}"#

    private func send(
        _ wish: Steering.Wish, to aggregator: Aggregator, _ signer: GitSigner,
        expecting channel: String? = nil, reason: String = "lunch"
    ) async throws -> SteeringReport {
        try await aggregator.connected { (server) async throws(OperatorError) in
            var generator = SeededGenerator(seed: 7)
            let steering = try await Steering(
                wish, of: server, expecting: channel, reason: reason)
            return try await steering.send(
                signingWith: signer, at: Samples.now, using: &generator)
        }
    }

    @Test("a command is signed by Git's key, so that ssh-keygen and the aggregator verify it")
    func signed() async throws {
        try await withTemporaryFolder { folder in
            let desk = try Desk(in: folder)
            let aggregator = try Aggregator(["/v1/commands": Self.accepted])
            let report = try await send(
                .pause, to: aggregator, GitSigner(folder: folder.path), expecting: "harbour/main")
            #expect(
                report.text()
                    == "pause accepted for the rollout of 4f4f4f4f4f on harbour/main: it is paused now"
            )
            let request = try #require(aggregator.requests.last)
            #expect(request.method == "POST" && request.target == "/v1/commands")
            let message = try SignedMessage(
                reading: JSON.parse(request.body, file: "the request"))
            #expect(
                try desk.verifies(
                    message.payload, message.signature, namespace: "flotilla-command"))
            #expect(try !desk.verifies(message.payload, message.signature, namespace: "git"))
            var changed = message.payload
            changed[0] ^= 1
            #expect(
                try !desk.verifies(changed, message.signature, namespace: "flotilla-command"))
            let command = try OperatorCommand(
                reading: JSON.parse(message.payload, file: "the command"))
            #expect(command.kind == .pause && command.reason == "lunch")
            #expect(command.fleet == "harbour" && command.channel == "main")
            #expect(command.release?.text == Samples.release && command.id.utf8.count == 32)
            #expect(command.expires - command.issued <= .seconds(900))
        }
    }

    @Test("the key may be its public half, in an agent, in the settings, or given by hand")
    func keys() async throws {
        try await withTemporaryFolder { folder in
            let desk = try Desk(in: folder)
            let agent = try ServerProcess(
                "/usr/bin/ssh-agent", ["-D", "-a", folder.path + "/agent"],
                log: folder.appendingPathComponent("log"))
            defer { agent.end() }
            let deadline = Date().addingTimeInterval(20)
            while !FileManager.default.fileExists(atPath: folder.path + "/agent"), Date() < deadline
            {
                usleep(10_000)
            }
            let environment = ["SSH_AUTH_SOCK": folder.path + "/agent"]
            try run("ssh-add", ["-q", desk.key.path], environment: environment)
            let other = try makeSSHKey("other", in: folder)
            try desk.set("user.signingkey", "key::" + desk.publicKey)
            let program = folder.appendingPathComponent("sign").path
            try Data(
                "#!/bin/sh\nSSH_AUTH_SOCK='\(folder.path)/agent' exec ssh-keygen \"$@\"\n".utf8
            ).write(to: URL(fileURLWithPath: program))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o700], ofItemAtPath: program)
            try desk.set("gpg.ssh.program", program)
            let git = GitSigner(folder: folder.path)
            for setting in ["key::" + desk.publicKey, desk.publicKey, desk.key.path + ".pub"] {
                try desk.set("user.signingkey", setting)
                // The private half is in the agent alone.
                try FileManager.default.moveItem(
                    atPath: desk.key.path, toPath: folder.path + "/away")
                let signature = try await git.sign("text", namespace: "flotilla-command")
                try FileManager.default.moveItem(
                    atPath: folder.path + "/away", toPath: desk.key.path)
                #expect(
                    try desk.verifies(
                        Array("text".utf8), signature, namespace: "flotilla-command"), "\(setting)")
            }
            let given = GitSigner(folder: folder.path, key: other.path)
            let foreign = try await given.sign("text", namespace: "flotilla-command")
            #expect(
                try !desk.verifies(Array("text".utf8), foreign, namespace: "flotilla-command"))
        }
    }

    @Test("a key that is not there, and a Git that does not sign, are told")
    func noKey() async throws {
        try await withTemporaryFolder { folder in
            let desk = try Desk(in: folder)
            let signer = GitSigner(folder: folder.path)
            try FileManager.default.removeItem(at: desk.key)
            try FileManager.default.removeItem(at: desk.key.appendingPathExtension("pub"))
            let missing = try await operatorError { () async throws(OperatorError) in
                _ = try await signer.sign("text", namespace: "x")
            }
            #expect(missing.message.contains(desk.key.path) && missing.fix.contains("--key"))
            try desk.set("gpg.format", "openpgp")
            let other = try await operatorError { () async throws(OperatorError) in
                _ = try await signer.sign("text", namespace: "x")
            }
            #expect(other.message == "Git does not sign with SSH keys here")
        }
    }

    @Test("nothing is signed for another channel, or where there is no rollout")
    func wrongChannel() async throws {
        try await withTemporaryFolder { folder in
            let signer = GitSigner(folder: try Desk(in: folder).folder.path)
            let aggregator = try Aggregator(["/v1/commands": Self.accepted])
            let other = try await operatorError { () async throws(OperatorError) in
                try await self.refused(aggregator, signer, expecting: "depot/main")
            }
            #expect(other.message.contains("serves `harbour/main` and not `depot/main`"))
            let idle = try Aggregator(["/v1/rollouts": Samples.noRollout])
            let none = try await operatorError { () async throws(OperatorError) in
                try await self.refused(idle, signer, expecting: nil)
            }
            #expect(none.message.contains("no rollout on harbour/main to pause"))
            #expect(aggregator.requests.allSatisfy { $0.method == "GET" })
        }
    }

    @Test("a command that the aggregator refuses ends with its words")
    func refusedByServer() async throws {
        try await withTemporaryFolder { folder in
            let signer = GitSigner(folder: try Desk(in: folder).folder.path)
            var answers = Samples.all.mapValues { [Aggregator.Answer(body: $0)] }
            answers["/v1/commands"] = [
                .init(status: 403, body: Samples.error("unknownKey", "nobody knows this key"))
            ]
            let aggregator = try Aggregator(answers: answers)
            let error = try await operatorError { () async throws(OperatorError) in
                try await self.refused(aggregator, signer, expecting: nil)
            }
            #expect(error.status == .refused && error.message == "nobody knows this key")
        }
    }

    private func refused(
        _ aggregator: Aggregator, _ signer: GitSigner, expecting channel: String?
    ) async throws(OperatorError) {
        let access = try ServerAccess(server: aggregator.url, environment: [:])
        _ = try await FleetServer.connected(to: access) { (server) async throws(OperatorError) in
            var generator = SeededGenerator(seed: 7)
            let steering = try await Steering(.pause, of: server, expecting: channel, reason: "")
            return try await steering.send(
                signingWith: signer, at: Samples.now, using: &generator)
        }
    }
}
