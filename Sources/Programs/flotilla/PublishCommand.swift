internal import ArgumentParser
internal import FleetTools

struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Make a signed release of the work, for the devices of a channel.",
        discussion: """
            The release has the files of --from; its parent is the channel's last release. It is \
            linted, signed by your Git, and judged as devices will judge it, before the channel's \
            branch moves. Pushing the branch is yours.
            """)

    @Option(help: "The channel: the branch that devices follow.")
    var channel = "main"

    @Option(help: "The commit whose files are published.")
    var from = "HEAD"

    @Option(name: .shortAndLong, help: "The release's subject; else that of the commit.")
    var message: String?

    @Flag(help: "Begin a channel that has no release yet.")
    var newChannel = false

    @Flag(help: "Check everything, and make nothing.")
    var dryRun = false

    @OptionGroup var repository: RepositoryOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            var request = PublicationRequest()
            request.channel = channel
            request.source = from
            request.message = message
            request.startsChannel = newChannel
            request.isRehearsal = dryRun
            return try await Publisher(repository.open(), request).publish()
        }
    }
}
