internal import ChannelWatch
package import FleetAnswers
internal import FleetModel
internal import FleetStore
internal import ReleaseTrust
internal import RolloutEngine
internal import WireMessages

extension RolloutService {
    /// Obeys an operator whose signature the channel's own keys accept. That the command was
    /// obeyed is on the disk before it is answered.
    package func command(_ message: [UInt8]) -> CommandAnswer {
        do throws(CommandRefusal) {
            return .accepted(standing: try obey(message))
        } catch {
            settings.log("a command is refused: \(error.message) (\(error.code))")
            return .refused(error)
        }
    }

    private func obey(_ message: [UInt8]) throws(CommandRefusal) -> String? {
        guard let head = view.head else {
            throw CommandRefusal(
                .conflict, code: "noTrust",
                message: "the aggregator has not seen the channel yet, and knows no operator's key",
                fix: "Look at `git` in /healthz, and say it again.")
        }
        guard storeProblem == nil else { throw Self.notKept }
        let known = commands
        let believed: BelievedCommand
        do throws(MessageRefusal) {
            let signed = try commands.verifier.open(message)
            believed = try commands.judge(signed, signers: head.allowedSigners, at: wall())
        } catch {
            throw CommandRefusal(error)
        }
        let name = believed.signer.principal
        settings.log("\(name) says: \(believed.command.kind.rawValue)")
        let refusal = decide(.command(believed.command, operator: name))
        guard storeProblem == nil else {
            // It was not obeyed, so it may be given once more.
            commands = known
            throw Self.notKept
        }
        if let refusal {
            throw CommandRefusal(
                .conflict, code: refusal.code.rawValue, message: refusal.message,
                fix: refusal.fix)
        }
        return machine.state.current?.standing.rawValue
    }

    private static let notKept = CommandRefusal(
        .conflict, code: "store", message: "the aggregator can't write to its disk now",
        fix: "Look at `store` in /healthz, and at the disk.")
}

extension CommandRefusal {
    fileprivate init(_ refusal: MessageRefusal) {
        let (kind, fix): (Kind, String) =
            switch refusal.code {
            case .malformed: (.malformed, "Send what `flotilla rollout` makes.")
            case .unknownKey, .unsupportedKey, .keyNotValidAtThatTime:
                (
                    .forbidden,
                    "Sign with a key that trust/allowed_signers admits for flotilla-command."
                )
            case .wrongNamespace, .tampered: (.forbidden, "Sign the command again.")
            case .notForUs: (.forbidden, "Name the fleet and the channel of this aggregator.")
            case .replayed: (.conflict, "Give a new command; this one was obeyed.")
            case .tooFarAhead, .expired, .tooLong:
                (.forbidden, "Look at the clocks of both machines, and give the command again.")
            case .tooMany: (.conflict, "Wait some minutes.")
            }
        self.init(kind, code: refusal.code.rawValue, message: refusal.message, fix: fix)
    }
}
