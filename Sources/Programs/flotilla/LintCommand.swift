internal import ArgumentParser
internal import FleetModel
internal import FleetTools

struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find all that is wrong in a fleet repository.",
        discussion: "Looks at the files as they are, or with --revision at a commit.")

    @Argument(help: "The repository's folder.")
    var folder = "."

    @Option(help: "Look at this commit of the repository instead of its files.")
    var revision: String?

    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            guard let revision else {
                guard WorkingFolder.exists(at: folder) else {
                    throw OperatorError(
                        .environment, "there is no folder `\(folder)`",
                        fix: "Name the folder of a fleet repository.")
                }
                return try FleetLint(WorkingFolder(path: folder), subject: folder)
            }
            let repository = try await FleetRepository(at: folder)
            let commit = try await repository.revision(revision)
            return try FleetLint(repository.tree(of: commit), subject: commit.short)
        }
    }
}
