internal import ArgumentParser
internal import HostSystem
internal import RolloutService

/// What the aggregator starts to fetch: a process that can be ended whatever it waits for.
struct FetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Download the channel for `run`.", shouldDisplay: false)

    @OptionGroup var configuration: ConfigurationOption
    @Option var incoming: String
    @Option var objects: String
    @Option var known: [String] = []
    @Option var notBefore: Int64?
    @Option var parent: Int32?

    func run() throws {
        if let parent { try Program.endWithParent(parent) }
        let answer = ChannelDownload.answer(
            configurationFile: configuration.file, incoming: incoming, objects: objects,
            known: known, notBefore: notBefore)
        try Program.writeToStandardOutput(answer)
    }
}
