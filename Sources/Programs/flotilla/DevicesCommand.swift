internal import ArgumentParser
internal import FleetClient
internal import FleetTools
internal import HostSystem

struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "List the devices, and where each stands.")

    @Option(help: "Only devices that stand there: succeeded, failed, offline, …")
    var state: String?

    @Option(help: "Only devices with these labels: `role=gateway, site in (berlin, potsdam)`.")
    var selector: String?

    @Flag(help: "Only devices that differ from their generation.")
    var drift = false

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            var search = DeviceSearch()
            search.state = state
            search.selector = selector
            search.hasDrift = drift
            return try await server.connected { (server) async throws(OperatorError) in
                DevicesReport(try await server.devices(search), now: Clocks.wall())
            }
        }
    }
}

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Tell all that is known of one device.")

    @Argument(help: "The device's id.")
    var device: String

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            let id = try deviceID(device)
            return try await server.connected { (server) async throws(OperatorError) in
                try await DeviceAnswer(server, id, now: Clocks.wall())
            }
        }
    }
}

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explain why a device stands where it stands, and what to do.",
        discussion: "Ends with 0 where nothing is in its way, and with 1 where something is.")

    @Argument(help: "The device's id.")
    var device: String

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            let id = try deviceID(device)
            return try await server.connected { (server) async throws(OperatorError) in
                try await Why(server, id)
            }
        }
    }
}

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "List the devices that differ from what they should be.",
        discussion: "Ends with 0 where there is none, and with 1 where there is one.")

    @OptionGroup var server: ServerOption
    @OptionGroup var presentation: Presentation

    func run() async throws {
        try await presentation.show { () async throws(OperatorError) in
            try await server.connected { (server) async throws(OperatorError) in
                try await DriftAnswer(server, now: Clocks.wall())
            }
        }
    }
}
