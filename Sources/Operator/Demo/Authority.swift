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

    /// Each in a folder of its own, so that nothing depends on how the files are called.
    private func issue(_ arguments: [String]) throws -> Credentials {
        let place = "\(folder)/issued/\(arguments.joined(separator: "-"))"
        try WorldFolder.make(place)
        let output = try tools.run(
            tools.flotilla, ["ca", "issue", folder] + arguments + ["--out", place])
        if arguments == ["aggregator"] {
            guard
                let line = output.split(separator: "\n").first(where: { $0.contains("ssh-ed25519") }
                )
            else { throw DemoError("`flotilla ca issue` printed no line for the trust: \(output)") }
            aggregatorLine = String(line.drop { $0 == " " }) + "\n"
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: place)
        guard let certificate = names.first(where: { $0.hasSuffix(".pem") }),
            let key = names.first(where: { $0.hasSuffix(".key") })
        else { throw DemoError("`flotilla ca issue` left no certificate and key in \(place)") }
        return Credentials(
            certificate: "\(place)/\(certificate)", key: "\(place)/\(key)",
            authority: self.certificate)
    }
}
