import DeviceRecords
import Documents
import HostSystem
import NetworkStreams

/// Looks a name up, as the unprivileged user: what answers is a stranger.
enum ResolveWork {
    static func run(host: String, port: Int, root: Root, _ harness: Harness) throws -> JSONValue {
        let user = try AgentConfiguration(of: root).repository.fetchUser
        try harness.becomeStranger(user, writing: 0, memory: 1 << 30)
        let addresses = try NameResolution.addresses(host: host, port: port)
        return ["format": 1, "addresses": .array(addresses.map { .string($0) })]
    }
}
