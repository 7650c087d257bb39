internal import ArgumentParser
internal import Documents
internal import HostSystem
internal import RolloutService

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look over the configuration and all files that it names.",
        discussion: "Talks to nobody. Exit status 1 where something is wrong.")

    @OptionGroup var configuration: ConfigurationOption

    func run() throws {
        var isGood = true
        do {
            let configuration = try AggregatorConfiguration(file: configuration.file)
            for finding in configuration.findings() + configuration.serverFindings() {
                isGood = isGood && finding.isGood
                try Program.writeToStandardOutput("\(finding)\n")
            }
        } catch let error as InvalidDocument {
            isGood = false
            Program.writeToStandardError("\(error)\n")
        }
        if !isGood { throw ExitCode(1) }
    }
}
