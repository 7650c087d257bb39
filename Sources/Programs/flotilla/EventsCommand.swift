internal import ArgumentParser
internal import Documents
internal import FleetClient
internal import FleetModel
internal import FleetTools

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Tell what happened on the devices.",
        discussion:
            "With --follow it goes on until it is ended; --json prints one event a line then.")

    @Flag(help: "Go on with what happens from now on.")
    var follow = false

    @Option(help: "Only events of this device.")
    var device: String?

    @Option(help: "So many of the newest events.")
    var last = 30

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func validate() throws {
        guard (0...EventLog.page).contains(last) else {
            throw ValidationError("--last must be from 0 to \(EventLog.page).")
        }
    }

    func run() async throws {
        if follow { return try await runForEver() }
        try await presentation.show { () async throws(OperatorError) in
            let id: DeviceID? = if let device { try deviceID(device) } else { nil }
            return try await server.connected { (server) async throws(OperatorError) in
                var log = EventLog(server, device: id)
                return EventsReport(try await log.newest(last))
            }
        }
    }

    private func runForEver() async throws {
        try await presentation.follow { () async throws(OperatorError) in
            let id: DeviceID? = if let device { try deviceID(device) } else { nil }
            return try await server.connected { (server) async throws(OperatorError) in
                var log = EventLog(server, device: id)
                show(try await log.newest(last))
                return try await ChangeWatch(server).run { () async throws(OperatorError) in
                    do throws(OperatorError) {
                        show(try await log.news())
                    } catch {
                        presentation.note("no news: \(error.message)")
                    }
                    return nil
                }
            }
        }
    }

    private func show(_ events: [EventRow]) {
        let terminal = Terminal.standardOutput()
        let lines = events.map { presentation.json ? $0.json.canonical : $0.line(on: terminal) }
        LiveTerminal.write(lines.map { $0 + "\n" }.joined())
    }
}
