internal import Foundation

/// A real Mosquitto with the configuration that the project ships. It can be killed, and comes back
/// on the same port.
final class BrokerHost {
    /// What its certificate names, and devices have in their configuration.
    static let host = "localhost"

    let port: Int
    private let folder: String
    private let watchman: Watchman
    private var process: Background?

    var url: String { "mqtts://\(Self.host):\(port)" }
    var pid: Int32? { process?.pid }
    var log: String { folder + "/log" }

    /// - Parameter shipped: the folder with `flotilla.conf` and `flotilla.acl`.
    init(
        shipped: String, fleet: String, _ credentials: Authority.Credentials, revoked: String,
        in folder: String, _ tools: Toolbox
    ) throws {
        self.folder = folder
        watchman = tools.watchman
        port = try Loopback.freePort()
        try WorldFolder.make(folder + "/state")
        var files: [String: String] = [:]
        for (name, source) in [
            ("ca.pem", credentials.authority), ("ca.crl", revoked),
            ("broker.pem", credentials.certificate), ("broker.key", credentials.key),
        ] {
            files[name] = "\(folder)/\(name)"
            try WorldFolder.write(
                try WorldFolder.read(source).utf8, to: "\(folder)/\(name)", mode: 0o600)
        }
        let values = [
            "@FLEET@": fleet, "@PORT@": "\(port)", "@CA@": files["ca.pem"] ?? "",
            "@CRL@": files["ca.crl"] ?? "", "@CERT@": files["broker.pem"] ?? "",
            "@KEY@": files["broker.key"] ?? "", "@STATE@": folder + "/state",
            "@ACL@": folder + "/flotilla.acl",
            // The demo opens no port to the network.
            "listener @PORT@": "listener \(port) 127.0.0.1",
        ]
        for name in ["flotilla.conf", "flotilla.acl"] {
            guard FileManager.default.fileExists(atPath: "\(shipped)/\(name)") else {
                throw DemoError(
                    "\(shipped)/\(name) is missing: run the demo where systemd/broker is, or name "
                        + "it with --broker")
            }
            var text = try WorldFolder.read("\(shipped)/\(name)")
            for (placeholder, value) in values.sorted(by: { $0.key.count > $1.key.count }) {
                text = text.replacingOccurrences(of: placeholder, with: value)
            }
            try WorldFolder.write(text.utf8, to: "\(folder)/\(name)")
        }
        // It gives up root before it reads anything.
        try tools.run("chown", ["-R", "mosquitto:", folder])
    }

    func start() throws {
        let process = try Background(
            "the broker", "/usr/sbin/mosquitto", ["-c", folder + "/flotilla.conf"], log: log,
            watchman)
        self.process = process
        let isUp = try watchman.wait(atMost: .seconds(20)) {
            process.status != nil || Loopback.accepts(port)
        }
        guard isUp, process.status == nil else {
            throw DemoError("mosquitto does not start; see \(log)")
        }
    }

    func kill() throws {
        defer { process = nil }
        try process?.kill()
    }

    func end() throws {
        defer { process = nil }
        try process?.end()
    }

    func outliveTheDemo() { process?.outliveTheDemo() }
}
