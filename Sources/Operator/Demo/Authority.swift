internal import Foundation

/// The fleet's certificate authority, by `flotilla ca`: who may speak on the bus, and as whom.
final class Authority {
    /// The files of somebody on the bus.
    struct Credentials {
        var certificate: String
        var key: String
        /// Whom he believes.
        var authority: String
    }

    private let folder: String
    private let tools: Toolbox
    /// The line of `trust/allowed_signers` that makes devices believe the aggregator; empty until
    /// its certificate is issued.
    private(set) var aggregatorLine = ""

    var certificate: String { folder + "/ca.pem" }
    var revoked: String { folder + "/ca.crl" }

    init(in folder: String, fleet: String, _ tools: Toolbox) throws {
        self.folder = folder
        self.tools = tools
        try tools.run(tools.flotilla, ["ca", "init", folder, "--fleet", fleet])
    }

    func device(_ id: String) throws -> Credentials {
        try issue(["device", id])
    }

    func broker(_ host: String) throws -> Credentials {
        try issue(["broker", host])
    }

    func aggregator() throws -> Credentials {
        try issue(["aggregator"])
    }

    /// Each in a folder of its own.
    private func issue(_ arguments: [String]) throws -> Credentials {
        let place = "\(folder)/issued/\(arguments.joined(separator: "-"))"
        try WorldFolder.make(place)
        let command = ["ca", "issue", folder] + arguments + ["--out", place, "--json"]
        let answer = try JSONView(
            Array(tools.run(tools.flotilla, command).utf8), from: "flotilla ca issue")
        guard let certificate = answer["certificate"], let key = answer["key"] else {
            throw DemoError("`flotilla \(command.joined(separator: " "))` names no files")
        }
        if let line = answer["allowedSigner"] { aggregatorLine = line + "\n" }
        return Credentials(
            certificate: certificate, key: key, authority: self.certificate)
    }
}
