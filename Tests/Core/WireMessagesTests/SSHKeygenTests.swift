import FleetModel
import Foundation
import ReleaseTrust
import Signatures
import TestSupport
import Testing
import WireMessages

@Suite struct SSHKeygenTests {
    @Test("ssh-keygen -Y verify accepts each kind of message by hand, and refuses a changed one")
    func verifiesByHand() throws {
        try withTemporaryFolder { folder in
            let key = SigningKey.generate()
            let allowed = folder.appendingPathComponent("allowed_signers")
            try Data("someone \(key.publicKey.text)\n".utf8).write(to: allowed)
            var messages = RandomMessages(seed: 44)
            func check<Content: SignedPayload>(_ content: Content) throws {
                // From the bytes on the wire, as a person would take it.
                let message = try verifier.open(signed(content, by: key).bytes)
                let file = folder.appendingPathComponent("signature")
                try Data(message.signature).write(to: file)
                func status(_ input: [UInt8], _ namespace: String) throws -> Int32 {
                    try runChild(
                        [
                            "ssh-keygen", "-Y", "verify", "-f", allowed.path, "-I", "someone",
                            "-n", namespace, "-s", file.path,
                        ], in: folder, input: input
                    ).status
                }
                #expect(try status(message.payload, Content.namespace) == 0, "\(content)")
                #expect(try status(message.payload + [0x0a], Content.namespace) != 0)
                #expect(try status(message.payload, "git") != 0)
            }
            try check(messages.state())
            try check(messages.batch())
            try check(messages.acknowledgement())
            try check(messages.order())
            try check(messages.command())
        }
    }

    @Test("what ssh-keygen signs for an operator is a command")
    func signsByHand() throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("alice", in: folder)
            var messages = RandomMessages(seed: 45)
            var command = messages.command()
            command.expires = command.issued + .seconds(600)
            let made = try runChild(
                ["ssh-keygen", "-Y", "sign", "-n", "flotilla-command", "-f", key.path], in: folder,
                input: command.payload)
            try #require(made.status == 0)
            let bytes = SignedMessage(payload: command.payload, signature: made.output).bytes
            let signers = try AllowedSigners(text: "alice \(key.publicText)\n", file: "signers")
            var judge = CommandJudge(
                channel: try channel("\(command.fleet)/\(command.channel)"), verifier: verifier)
            let believed = try judge.judge(
                verifier.open(bytes), signers: signers, at: command.issued)
            #expect(believed.command == command && believed.signer.principal == "alice")
        }
    }
}
