internal import FleetModel
package import RolloutEngine
package import WireMessages

/// What a simulated fleet goes through.
package struct SimulationSettings: Sendable {
    package var seed: UInt64
    package var devices: Int
    /// Devices that are switched off for good.
    package var goneDevices = 3
    /// Of a thousand messages on each hop, while times are bad.
    package var lostMessages = 15
    package var doubledMessages = 15
    /// When times become good: no fault of the network or of a machine comes after it.
    package var healing = Duration.seconds(4_500)
    /// How long everything may take to arrive after that.
    package var patience = Duration.seconds(6 * 3_600)
    /// Releases that are made before healing. The last one is good everywhere.
    package var releases = 4
    /// How long the aggregator gathers what it hears before it writes it down.
    package var commitDelay = Duration.seconds(2)
    package var fault: PlantedFault?
    /// Turns the bytes of a message or of a store into a value.
    package var parse: MessageVerifier.Parsing

    package init(seed: UInt64, devices: Int, parse: @escaping MessageVerifier.Parsing) {
        self.seed = seed
        self.devices = devices
        self.parse = parse
    }

    static let start = Instant(seconds: 1_800_000_000)

    static var channel: ChannelName {
        guard let name = ChannelName("virtual/main") else { fatalError("this is a channel's name") }
        return name
    }
}

/// What came of it.
package struct SimulationOutcome: Equatable, Sendable {
    package var seed: UInt64
    /// What must never happen and did, with its moment.
    package var violations: [String] = []
    package var events = 0
    package var hash: UInt64 = 0
    /// When all that can arrive had arrived.
    package var arrived: Duration?
    package var decisions: [Decision] = []
    /// What happened how often, for people.
    package var tally: [String: Int] = [:]

    package var description: String {
        let counts = tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return """
            seed \(seed), \(events) events, hash \(String(hash, radix: 16)), \
            arrived after \(arrived?.description ?? "never"): \(counts.joined(separator: ", "))
            """
    }
}
