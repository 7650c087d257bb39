package import FleetModel

/// What a device knows of itself: all that resolution needs besides the revision.
package struct DeviceIdentity: Equatable, Sendable {
    package var id: DeviceID
    package var channel: String
    /// From the agent's configuration on the device.
    package var localLabels: [String: String]
    /// As `uname -m` says it.
    package var architecture: String
    /// These three are nil where the device does not tell; it then lacks the label.
    package var board: String?
    package var osID: String?
    package var osVersion: String?
    package var agent: AgentVersion

    package init(
        id: DeviceID, channel: String, localLabels: [String: String] = [:], architecture: String,
        board: String? = nil, osID: String? = nil, osVersion: String? = nil, agent: AgentVersion
    ) {
        self.id = id
        self.channel = channel
        self.localLabels = localLabels
        self.architecture = architecture
        self.board = board
        self.osID = osID
        self.osVersion = osVersion
        self.agent = agent
    }

    /// The labels that nobody has to set.
    package var builtInLabels: [String: String] {
        let labels: [String: String?] = [
            "device.id": id.text, "channel": channel, "arch": architecture, "board": board,
            "os.id": osID, "os.version": osVersion, "agent.version": agent.description,
        ]
        return labels.compactMapValues { $0 }
    }
}
