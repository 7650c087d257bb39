internal import ArgumentParser
internal import FleetTools
internal import HostSystem
internal import ReleaseTrust

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Explain, release by release, why devices trust a channel or do not.",
        discussion: """
            Without --anchor the oldest release is believed, and its own keys judge what follows. \
            With the anchor of a device the verdict is that device's.
            """)

    @Argument(help: "A release, or a channel's branch.")
    var revision = "main"

    @Option(help: "The anchor file of a device.")
    var anchor: String?

    @OptionGroup var repository: RepositoryOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            let repository = try await repository.open()
            let believed: TrustAnchor? =
                if let anchor { try TrustAnchor(file: anchor) } else { nil }
            return try await ChainAudit(
                repository, to: repository.revision(revision), anchor: believed,
                now: Clocks.wall())
        }
    }
}
