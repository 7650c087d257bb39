internal import ArgumentParser
internal import FleetModel
internal import HostSystem

/// The aggregator. Each command is one file here that parses its arguments; what it does is in
/// RolloutService and HTTPAPI.
@main
struct FlotillaAggregator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flotilla-aggregator",
        abstract: "Hears a fleet's devices, and lets releases out in waves.",
        version: "flotilla-aggregator \(AgentVersion.current)",
        subcommands: [
            RunCommand.self, CheckCommand.self, VersionCommand.self, FetchCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let end as ExitCode {
            Program.exit(end.rawValue)
        } catch {
            end(with: error)
        }
    }

    /// Help is asked for and goes to standard output; anything else is a mistake in the arguments.
    private static func end(with error: any Error) -> Never {
        if exitCode(for: error) == .success { exit(withError: error) }
        Program.writeToStandardError(fullMessage(for: error) + "\n")
        Program.exit(2)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() throws {
        try Program.writeToStandardOutput("flotilla-aggregator \(AgentVersion.current)\n")
    }
}

struct ConfigurationOption: ParsableArguments {
    @Option(name: .customLong("config"), help: "The aggregator's configuration.")
    var file = "/etc/flotilla/aggregator.yaml"
}
