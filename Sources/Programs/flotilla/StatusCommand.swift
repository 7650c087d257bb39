internal import ArgumentParser
internal import FleetClient
internal import FleetTools
internal import HostSystem

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how the fleet is, at a glance.",
        discussion: "Ends with 0 where all is well, and with 1 where somebody should look closer.")

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            try await server.connected { (server) async throws(OperatorError) in
                try await FleetOverview(server, now: Clocks.wall())
            }
        }
    }
}
