import DeviceRecords
import FleetModel
import HealthProbes
import HostSystem
import JSONDocument
import NetworkProbes

/// Tries one check that speaks with a server, as the unprivileged user.
enum ProbeWork {
    static func run(root: Root) throws -> ProbeResult {
        let bytes = try Program.readStandardInput(limit: Limits.workerOutputBytes)
        let file = "the check"
        let check = try HealthCheck(reading: JSON.parse(bytes, file: file), file: file)
        let repository = try AgentConfiguration(of: root).repository
        if Users.effectiveUserID() == 0 {
            try Privileges.drop(to: repository.fetchUser)
            // The kernel forgot it with the change of user.
            try Program.endWithParent()
        }
        return NetworkProbe(authoritiesFile: repository.ca.map(root.hostPath(of:))).run(check)
    }
}
