internal import ArgumentParser
internal import FleetClient
internal import FleetTools

/// Where the aggregator is; all commands about the running fleet have these.
struct ServerOption: ParsableArguments {
    @Option(help: "The aggregator's address: https://HOST:PORT (or FLOTILLA_SERVER).")
    var server: String?

    @Option(help: "A file that holds the aggregator's token (or FLOTILLA_TOKEN_FILE).")
    var tokenFile: String?

    @Option(help: "The authority of the aggregator's certificate, in PEM (or FLOTILLA_CA).")
    var ca: String?

    func connected<Result: Sendable>(
        _ body: (FleetServer) async throws(OperatorError) -> Result
    ) async throws(OperatorError) -> Result {
        let access = try ServerAccess(server: server, tokenFile: tokenFile, authorityFile: ca)
        return try await FleetServer.connected(to: access, body)
    }
}
