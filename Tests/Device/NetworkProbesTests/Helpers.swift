import FleetModel
import HealthProbes
import HostSystem
import NetworkProbes
import NetworkStreams
import TestSupport

func http(
    _ server: SocketServer, path: String = "/", status: Int = 200, contains: String? = nil,
    timeout: Duration = .seconds(20)
) -> ProbeResult {
    server.serving { port in
        http(
            url: "http://127.0.0.1:\(port)\(path)", status: status, contains: contains,
            timeout: timeout)
    }
}

func http(
    url: String, status: Int = 200, contains: String? = nil, timeout: Duration = .seconds(20),
    authoritiesFile: String? = nil
) -> ProbeResult {
    var tls = TLSSettings()
    tls.authoritiesFile = authoritiesFile
    return NetworkProbe(tls).run(
        HealthCheck(
            name: "c", bundle: "b",
            probe: .http(url: url, status: status, contains: contains), timeout: timeout))
}

func tcp(_ host: String, _ port: Int, timeout: Duration = .seconds(20)) -> ProbeResult {
    NetworkProbe().run(
        HealthCheck(
            name: "c", bundle: "b", probe: .tcp(host: host, port: port), timeout: timeout))
}

/// How long it took, on the clock that the probes use.
func measured(_ body: () -> ProbeResult) -> (result: ProbeResult, time: Duration) {
    let start = Clocks.monotonic()
    let result = body()
    return (result, Clocks.monotonic() - start)
}
