internal import Documents
package import FleetModel
package import HealthProbes
internal import HostSystem
package import NetworkStreams

/// Tries the checks that speak with a server: the work of `flotilla-worker probe`, a short-lived
/// process without rights. It blocks, at most for the check's time-out and, before that, for as long
/// as the C library looks up a name.
package struct NetworkProbe {
    /// How https servers are believed.
    private let tls: TLSSettings

    package init(_ tls: TLSSettings = TLSSettings()) { self.tls = tls }

    package func run(_ check: HealthCheck) -> ProbeResult {
        let deadline = Clocks.monotonic() + check.timeout
        do throws(ProbeFault) {
            switch check.probe {
            case .tcp(let host, let port):
                let connection = try conversing { () throws(NetworkError) in
                    try TCPConnection(host: host, port: port, deadline: deadline)
                }
                return ProbeResult(
                    passed: true, detail: "\(connection.subject) accepts connections")
            case .http(let url, let status, let contains):
                let probe = HTTPProbe(
                    url: try ProbeURL(url), status: status, text: contains, deadline: deadline,
                    tls: tls)
                return try probe.run()
            case .file, .command, .unit, .disk, .memory:
                throw ProbeFault("a check of this kind needs no network")
            }
        } catch {
            let patience = error.isTimeout ? " (\(check.timeout.flotillaText))" : ""
            return ProbeResult(passed: false, detail: error.message + patience)
        }
    }
}
