import Documents
import FleetModel
import ReleaseTrust
import Signatures
import Testing
import WireMessages

@Suite struct OtherJudgesTests {
    private let key = SigningKey.generate()
    private let now = Instant(seconds: 1_800_000_000)

    // MARK: Commands

    private func command(_ change: (inout OperatorCommand) -> Void = { _ in }) -> OperatorCommand {
        var messages = RandomMessages(seed: 40)
        var command = messages.command()
        (command.fleet, command.channel) = ("harbour", "main")
        command.issued = now
        command.expires = now + .seconds(600)
        change(&command)
        return command
    }

    private func operators() throws -> AllowedSigners {
        try signers((#"alice namespaces="git,flotilla-release,flotilla-command""#, key))
    }

    @Test("a command is obeyed once, by whoever remembers, until it has expired")
    func commands() throws {
        let signers = try operators()
        var judge = CommandJudge(channel: try channel(), verifier: verifier)
        let message = signed(command(), by: key)
        let believed = try judge.judge(message, signers: signers, at: now + .seconds(5))
        #expect(believed.command == command() && believed.signer.principal == "alice")
        #expect(refusal { try judge.judge(message, signers: signers, at: now) } == .replayed)
        // After a restart, too.
        var next = CommandJudge(channel: try channel(), verifier: verifier)
        try next.remember(node(judge.memory))
        #expect(refusal { try next.judge(message, signers: signers, at: now) } == .replayed)
        #expect(
            refusal { try next.judge(message, signers: signers, at: now + .seconds(601)) }
                == .expired)
    }

    @Test("a command that is too long, from the future, or for another rollout is refused")
    func commandBounds() throws {
        let signers = try operators()
        func code(_ change: (inout OperatorCommand) -> Void) throws -> MessageRefusal.Code? {
            var judge = CommandJudge(channel: try channel(), verifier: verifier)
            let message = signed(command(change), by: key)
            return refusal { try judge.judge(message, signers: signers, at: now) }
        }
        #expect(try code { _ in } == nil)
        #expect(try code { $0.expires = $0.issued + .seconds(900) } == nil)
        #expect(try code { $0.expires = $0.issued + .seconds(901) } == .tooLong)
        #expect(try code { $0.expires = $0.issued } == .tooLong)
        #expect(
            try code {
                $0.issued = now + .seconds(301)
                $0.expires = now + .seconds(400)
            } == .tooFarAhead)
        #expect(try code { $0.channel = "other" } == .notForUs)
        #expect(try code { $0.fleet = "other" } == .notForUs)
        let released = try trusting(#"bob namespaces="flotilla-release""#)
        var judge = CommandJudge(channel: try channel(), verifier: verifier)
        #expect(
            refusal { try judge.judge(signed(command(), by: key), signers: released, at: now) }
                == .unknownKey)
    }

    private func trusting(_ principal: String) throws -> AllowedSigners {
        try AllowedSigners(text: "\(principal) \(key.publicKey.text)\n", file: "s")
    }

    @Test("a flood of commands does not fill the memory")
    func flood() throws {
        let signers = try operators()
        var judge = CommandJudge(channel: try channel(), verifier: verifier)
        var messages = RandomMessages(seed: 41)
        var last: MessageRefusal.Code?
        for _ in 0..<1_030 {
            let message = signed(command { $0.id = messages.hexadecimal(32) }, by: key)
            last = refusal { try judge.judge(message, signers: signers, at: now) }
        }
        #expect(last == .tooMany)
    }

    // MARK: Acknowledgements and reports

    @Test("an acknowledgement is for one device, by who may acknowledge")
    func acknowledgements() throws {
        var messages = RandomMessages(seed: 42)
        var ack = messages.acknowledgement()
        (ack.fleet, ack.channel, ack.issued) = ("harbour", "main", now)
        let judge = AcknowledgementJudge(
            channel: try channel(), device: ack.device, verifier: verifier)
        let trusted = try trusting(#"aggregator@harbour namespaces="flotilla-order,flotilla-ack""#)
        #expect(try judge.judge(signed(ack, by: key), signers: trusted, at: now) == ack)
        let operators = try operators()
        #expect(
            refusal { try judge.judge(signed(ack, by: key), signers: operators, at: now) }
                == .unknownKey)
        ack.device = try #require(DeviceID("another"))
        #expect(
            refusal { try judge.judge(signed(ack, by: key), signers: trusted, at: now) }
                == .notForUs)
    }

    @Test("a report counts for the device whose topic and key it came with, and no other")
    func reports() throws {
        var messages = RandomMessages(seed: 43)
        let judge = ReportJudge(channel: try channel(), verifier: verifier)
        let stranger = SigningKey.generate()
        var state = messages.state()
        (state.fleet, state.channel) = ("harbour", "main")
        var batch = messages.batch()
        (batch.fleet, batch.channel) = ("harbour", "main")
        let own = signed(state, by: key)
        #expect(try judge.state(own, of: state.device, by: key.publicKey) == state)
        let events = signed(batch, by: key)
        #expect(try judge.events(events, of: batch.device, by: key.publicKey) == batch)
        let other = try #require(DeviceID("another"))
        #expect(refusal { try judge.state(own, of: other, by: key.publicKey) } == .notForUs)
        #expect(refusal { try judge.events(events, of: other, by: key.publicKey) } == .notForUs)
        #expect(
            refusal { try judge.state(own, of: state.device, by: stranger.publicKey) }
                == .unknownKey)
        // A state is no batch of events, though both are signed as reports.
        #expect(
            refusal { try judge.events(own, of: state.device, by: key.publicKey) } == .malformed)
        var forged = own
        forged.signature = signed(state, by: stranger).signature
        #expect(
            refusal { try judge.state(forged, of: state.device, by: key.publicKey) } == .unknownKey)
        forged = own
        forged.payload.append(0x20)
        #expect(
            refusal { try judge.state(forged, of: state.device, by: key.publicKey) } == .tampered)
    }
}
