internal import ArgumentParser
internal import FleetClient
internal import FleetTools
internal import Foundation
internal import HostSystem

/// What pausing, going on and aborting have in common.
struct SteeringOptions: ParsableArguments {
    @Option(help: "Why, for all who look at the rollout.")
    var reason = ""

    @Option(help: "The channel that it must be, as FLEET/CHANNEL; else what the aggregator serves.")
    var channel: String?

    @Option(help: "Sign with this key, and not with Git's.")
    var key: String?

    @Option(
        name: [.customShort("C"), .customLong("directory")],
        help: "Take the Git configuration of this folder.")
    var directory = "."

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func steer(
        _ wish: Steering.Wish,
        confirming confirm: (Steering) throws(OperatorError) -> Void = { _ in }
    ) async throws {
        try await presentation.show { () async throws(OperatorError) in
            try await server.connected { (server) async throws(OperatorError) in
                let steering = try await Steering(
                    wish, of: server, expecting: channel, reason: reason)
                try confirm(steering)
                var chance = SystemRandomNumberGenerator()
                return try await steering.send(
                    signingWith: GitSigner(folder: directory, key: key), at: Clocks.wall(),
                    using: &chance)
            }
        }
    }
}

struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Let no further device begin, until `resume`.",
        discussion: "The command is signed with your Git's signing key.")

    @OptionGroup var options: SteeringOptions

    func run() async throws { try await options.steer(.pause) }
}

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused or halted rollout go on.",
        discussion: "The command is signed with your Git's signing key.")

    @Flag(help: "Follow the rollout to its end.")
    var watch = false

    @OptionGroup var options: SteeringOptions

    func run() async throws {
        try await options.steer(.resume)
        if watch { try await options.presentation.watchRollout(options.server) }
    }
}

struct AbortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "End a rollout for good: only another release goes on.",
        discussion: """
            Devices that have the release keep it. The command is signed with your Git's signing \
            key. On a terminal it asks first; elsewhere it wants --yes.
            """)

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var options: SteeringOptions

    func run() async throws {
        try await options.steer(.abort) { (steering) throws(OperatorError) in
            if !yes { try agree(to: steering.question) }
        }
    }

    private func agree(to question: String) throws(OperatorError) {
        let fix = "Say it with --yes where nobody can be asked."
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw OperatorError(.usage, "an abort can't be taken back, and nobody agreed", fix: fix)
        }
        FileHandle.standardError.write(Data("\(question)\nType `yes` to go on: ".utf8))
        guard readLine() == "yes" else {
            throw OperatorError(.refused, "nothing was aborted", fix: "Answer `yes`, or --yes.")
        }
    }
}
