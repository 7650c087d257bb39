internal import ArgumentParser
internal import FleetTools

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Begin a fleet: a repository, a signing key, a first release.",
        discussion: """
            Makes DIR with an example device and bundle on the branch `draft`, publishes them as \
            the first release of the channel, and writes the anchor for devices to DIR.anchor. The \
            key stands outside the repository. Nothing is ever overwritten.
            """)

    @Argument(help: "The folder to make.")
    var folder: String

    @Option(help: "The fleet's name; else the folder's.")
    var fleet: String?

    @Option(help: "The first channel: the branch that devices follow.")
    var channel = "main"

    @Option(
        help: "An ed25519 key to sign with, or where to make one; else ~/.config/flotilla/keys.")
    var key: String?

    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            var request = FleetInitializer.Request(folder: folder)
            request.fleet = fleet
            request.channel = channel
            request.key = key
            return try await FleetInitializer(request).make()
        }
    }
}
