internal import ArgumentParser
internal import FleetModel
internal import FleetTools
internal import Foundation

/// The operator's tool. Each command here parses its arguments; what it does is in FleetTools for
/// the repository, and in FleetClient for the running fleet.
@main
struct Flotilla: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flotilla",
        abstract: "GitOps for fleets of Linux devices: lint, publish, verify, watch, steer.",
        discussion: "Exit statuses:\n"
            + ExitStatus.allCases.map { "  \($0.rawValue)  \($0.meaning)" }.joined(separator: "\n"),
        version: "flotilla \(AgentVersion.current)",
        subcommands: [
            InitCommand.self, LintCommand.self, PublishCommand.self, VerifyCommand.self,
            AnchorCommand.self, StatusCommand.self, DevicesCommand.self, DeviceCommand.self,
            WhyCommand.self, RolloutCommand.self, DriftCommand.self, EventsCommand.self,
            CACommand.self, DemoCommand.self,
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
            Foundation.exit(end.rawValue)
        } catch {
            end(with: error)
        }
    }

    /// Help is asked for and goes to standard output; anything else is a mistake in the arguments.
    private static func end(with error: any Error) -> Never {
        if exitCode(for: error) == .success { exit(withError: error) }
        FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
        Foundation.exit(ExitStatus.usage.rawValue)
    }
}
