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

    func run() throws {
        let answer = ChannelDownload.answer(
            configurationFile: configuration.file, incoming: incoming, objects: objects,
            known: known, notBefore: notBefore)
        try Program.writeToStandardOutput(answer)
    }
}
