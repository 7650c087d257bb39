/// The exit statuses of `flotilla`. Scripts rely on them; docs/cli.md lists them.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Done, and nothing is wrong.
    case success = 0
    /// The fleet repository has faults, a release or a command is refused, or the fleet is not well.
    /// Nothing was changed.
    case refused = 1
    /// The command line could not be understood.
    case usage = 2
    /// Something around it failed: Git, a key, a file, the disk, the aggregator.
    case environment = 3
    /// There is nothing to publish: the channel has these files already.
    case unchanged = 4

    /// One sentence, as `flotilla help` and docs/cli.md say it.
    package var meaning: String {
        switch self {
        case .success: "done, and nothing is wrong"
        case .refused:
            "faults, a refusal, or a fleet that is not well; nothing was changed"
        case .usage: "the command line could not be understood"
        case .environment: "Git, a key, a file, the disk or the aggregator failed"
        case .unchanged: "nothing to publish: the channel has these files already"
        }
    }
}
