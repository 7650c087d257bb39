internal import ArgumentParser
internal import Documents
internal import FleetTools
internal import Foundation

/// How a command's result is shown; every command has these.
struct Presentation: ParsableArguments {
    @Flag(help: "Print JSON for programs.")
    var json = false

    /// Runs a command, prints what came of it, and ends with its status.
    func show<Result: Report>(_ command: () async throws(OperatorError) -> Result) async throws {
        let status: ExitStatus
        do throws(OperatorError) {
            let report = try await command()
            print(
                json
                    ? report.json.pretty
                    : report.lines(on: .standardOutput()).joined(separator: "\n"))
            status = report.status
        } catch {
            if json { print(error.json.pretty) } else { complain(error) }
            status = error.status
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    /// The same for a command that prints while it goes on, and gives its status at the end.
    func follow(
        _ command: () async throws(OperatorError) -> FleetTools.ExitStatus
    ) async throws {
        let status: FleetTools.ExitStatus
        do throws(OperatorError) {
            status = try await command()
        } catch {
            if json { print(error.json.canonical) } else { complain(error) }
            status = error.status
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    /// Something that is no result.
    func note(_ text: String) {
        FileHandle.standardError.write(Data("flotilla: \(text)\n".utf8))
    }

    private func complain(_ error: OperatorError) {
        var text = ""
        for diagnostic in error.diagnostics { text += "\(diagnostic)\n" }
        text += "flotilla: \(error)\n"
        FileHandle.standardError.write(Data(text.utf8))
    }
}

/// Where the fleet repository is; most commands have this.
struct RepositoryOption: ParsableArguments {
    @Option(
        name: [.customShort("C"), .customLong("directory")],
        help: "Work as if started in this folder.")
    var directory = "."

    func open() async throws(OperatorError) -> FleetRepository {
        try await FleetRepository(at: directory)
    }
}
