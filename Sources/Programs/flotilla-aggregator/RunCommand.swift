internal import ArgumentParser
internal import Documents
internal import FleetAnswers
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
        // Before any thread begins, so that none of them takes a signal.
        let signals = try StopSignals()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let service: RolloutService
        let server: FleetHTTPServer
        let listener: AggregatorConfiguration.Listener
        do {
            let configuration = try AggregatorConfiguration(file: configuration.file)
            listener = configuration.listener
            service = try RolloutService.open(
                configuration, configurationFile: self.configuration.file, log: log)
            server = try FleetHTTPServer(HTTPSettings(configuration), answers: service) {
                port.yield($0)
            }
        } catch {
            try cantBegin(error)
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { port.finish() }
                    try await server.run()
                }
                // Whoever has not got the port says nothing on the bus, and touches no rollout.
                var listening = ports.makeAsyncIterator()
                guard let port = await listening.next() else { return try await group.waitForAll() }
                var address = listener.address
                address.port = port
                log("listening on \(listener.scheme)://\(address)")
                ServiceNotifier().ready()
                try await work(&group, service, server, signals)
            }
        } catch let fault as HTTPSettingsFault {
            try cantBegin(fault)
        } catch {
            log("it ends: \(error)")
            throw ExitCode(1)
        }
        log("stopped")
    }

    /// Its configuration, one of its files or its port: `check` says more of the first two.
    private func cantBegin(_ error: any Error) throws -> Never {
        Program.writeToStandardError("\(error)\n")
        throw ExitCode(3)
    }

    /// Whoever ends first, ends all: systemd starts the whole program again.
    private func work(
        _ group: inout ThrowingTaskGroup<Void, any Error>, _ service: RolloutService,
        _ server: FleetHTTPServer, _ signals: StopSignals
    ) async throws {
        group.addTask { try await service.run() }
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

    /// Only while the service answers.
    private func feedWatchdog(of service: RolloutService) async throws {
        let notifier = ServiceNotifier()
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
