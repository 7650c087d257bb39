internal import ArgumentParser
internal import Documents
internal import FleetModel
internal import HTTPAPI
internal import HostSystem
internal import RolloutService

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run until SIGTERM.")

    @OptionGroup var configuration: ConfigurationOption

    func run() async throws {
        Program.ignoreBrokenPipe()
        do {
            // Before any thread begins, so that none of them takes a signal.
            let signals = try StopSignals()
            let configuration = try AggregatorConfiguration(file: configuration.file)
            let service = try RolloutService.open(
                configuration, configurationFile: self.configuration.file, log: log)
            try await serve(service, configuration, signals)
        } catch let error as InvalidDocument {
            Program.writeToStandardError("\(error)\n")
            throw ExitCode(2)
        } catch let error as ExitCode {
            throw error
        } catch {
            log("it ends: \(error)")
            throw ExitCode(1)
        }
        log("stopped")
    }

    private func serve(
        _ service: RolloutService, _ configuration: AggregatorConfiguration, _ signals: StopSignals
    ) async throws {
        let server = try FleetHTTPServer(HTTPSettings(configuration), answers: service) { port in
            let listener = configuration.listener.text(withPort: port)
            log("listening on \(configuration.listener.scheme)://\(listener)")
            ServiceNotifier().ready()
        }
        // Whoever ends first, ends all: systemd starts the whole program again.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            group.addTask { try await server.run() }
            group.addTask { try await feedWatchdog(of: service) }
            group.addTask { await signals.wait() }
            defer { group.cancelAll() }
            _ = try await group.next()
            log("stopping")
            await server.stop()
            await service.stop()
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    /// Only while the service answers.
    private func feedWatchdog(of service: RolloutService) async throws {
        var notifier = ServiceNotifier()
        let pause = min(notifier.interval / 2, .seconds(5))
        while true {
            notifier.status(await service.summary())
            notifier.alive()
            try await ContinuousClock().sleep(for: pause)
        }
    }
}

/// A line for people. The journal puts the time before it.
func log(_ line: String) { Program.writeToStandardError("flotilla-aggregator: \(line)\n") }
