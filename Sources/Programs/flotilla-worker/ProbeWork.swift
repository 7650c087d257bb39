import DeviceRecords
import FleetModel
import HealthProbes
import HostSystem
import JSONDocument
import NetworkProbes
import NetworkStreams
import ReleaseTrust

/// Tries one check that speaks with a server, as the unprivileged user.
enum ProbeWork {
    static func run(root: Root, _ harness: Harness) throws -> ProbeResult {
        let bytes = try Program.readStandardInput(limit: Limits.workerOutputBytes)
        let file = "the check"
        let check = try HealthCheck(reading: JSON.parse(bytes, file: file), file: file)
        let repository = try AgentConfiguration(of: root).repository
        var tls = TLSSettings()
        tls.authoritiesFile = repository.ca.map(root.hostPath(of:))
        // Read while it may be; without it the clock alone judges, as before the first release.
        tls.notBefore = try RecordStore(root: root).read(TrustHead.self, at: StateLayout.trust)?
            .committed
        try harness.becomeStranger(repository.fetchUser, writing: 0, memory: 1 << 30)
        return NetworkProbe(tls).run(check)
    }
}
