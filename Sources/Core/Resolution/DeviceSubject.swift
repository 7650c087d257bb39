internal import FleetModel

/// For whom a resolution is made: a device itself, or lint in its place.
struct DeviceSubject {
    var id: DeviceID
    var builtInLabels: [String: String]
    var localLabels: [String: String]
    /// Nil for lint, which accepts every requirement that it can read.
    var agent: AgentVersion?
    /// Lint knows neither built-in nor local labels, so names that come from them are assumed to
    /// have a value.
    var assumesUnknownLabels: Bool

    init(_ device: DeviceIdentity) {
        id = device.id
        builtInLabels = device.builtInLabels
        localLabels = device.localLabels
        agent = device.agent
        assumesUnknownLabels = false
    }

    init(linting id: DeviceID) {
        self.id = id
        builtInLabels = ["device.id": id.text]
        localLabels = [:]
        agent = nil
        assumesUnknownLabels = true
    }
}
