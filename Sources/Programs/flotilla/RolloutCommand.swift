internal import ArgumentParser
internal import FleetClient
internal import FleetTools
internal import HostSystem

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Look at the rollout of a channel, and steer it.",
        subcommands: [
            RolloutStatusCommand.self, PauseCommand.self, ResumeCommand.self, AbortCommand.self,
        ], defaultSubcommand: RolloutStatusCommand.self)
}

struct RolloutStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how far the rollout is.",
        discussion: """
            Ends with 1 where it was halted or aborted, or where the channel's tip is refused. \
            --watch follows it to its end; elsewhere than on a terminal it prints a line for \
            each step, and with --json a document a line.
            """)

    @Flag(help: "Follow it to its end.")
    var watch = false

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        if watch { return try await presentation.watchRollout(server) }
        try await presentation.show { () async throws(OperatorError) in
            try await server.connected { (server) async throws(OperatorError) in
                try await RolloutReport(server, now: Clocks.wall())
            }
        }
    }
}

extension Presentation {
    /// Follows the rollout to its end, in the way that fits where the output goes.
    func watchRollout(_ option: ServerOption) async throws {
        try await follow { () async throws(OperatorError) in
            try await option.connected { (server) async throws(OperatorError) in
                // A server that can't be asked at all is a mistake in the arguments.
                _ = try await server.channel()
                let isDrawn = !json && Terminal.standardOutput().isWatched
                var watch = RolloutWatch(json ? .json : isDrawn ? .drawn : .lines)
                let screen = isDrawn ? LiveTerminal() : nil
                return try await withScreen(screen) { () async throws(OperatorError) in
                    try await ChangeWatch(server, every: .seconds(1)).run {
                        () async throws(OperatorError) in
                        try await look(server, &watch)
                    }
                }
            }
        }
    }

    private func look(
        _ server: FleetServer, _ watch: inout RolloutWatch
    ) async throws(OperatorError) -> FleetTools.ExitStatus? {
        let terminal = Terminal.standardOutput()
        let picture: ChannelPicture
        do throws(OperatorError) {
            picture = try await server.channel()
        } catch {
            LiveTerminal.write(watch.text(for: error, on: terminal))
            return nil
        }
        LiveTerminal.write(watch.text(for: picture, at: Clocks.wall(), on: terminal))
        return RolloutWatch.end(picture)
    }
}

/// Keeps the terminal as it is set until the closure ends.
private func withScreen<Result: Sendable>(
    _ screen: LiveTerminal?, _ body: () async throws(OperatorError) -> Result
) async throws(OperatorError) -> Result {
    defer { withExtendedLifetime(screen) {} }
    return try await body()
}
