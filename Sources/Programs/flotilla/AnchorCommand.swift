internal import ArgumentParser
internal import FleetTools
internal import HostSystem

struct AnchorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anchor",
        abstract: "Print the anchor file for a device's installer.",
        discussion: """
            Install it as /etc/flotilla/anchor: the device believes this release and its keys, and \
            judges by them what comes later.
            """)

    @Option(help: "The channel that the device follows.")
    var channel = "main"

    @Option(help: "The release to begin with; else the channel's last one.")
    var release: String?

    @OptionGroup var repository: RepositoryOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            let repository = try await repository.open()
            let chosen = try await repository.revision(release ?? "refs/heads/\(channel)")
            return try AnchorReport(repository, release: chosen, now: Clocks.wall())
        }
    }
}
