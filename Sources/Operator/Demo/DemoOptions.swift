/// What the demo is asked for.
package struct DemoOptions: Sendable {
    /// The sample fleet repository that the world begins with.
    package var fleet = "Fleet"
    /// The broker's configuration as it is shipped.
    package var broker = "systemd/broker"
    package var story = DemoStory.fleet
    /// Whether the world stays up at the end.
    package var keepsWorld = false
    package var fault: DemoFault?
    /// What decides the moments at which the agent is killed.
    package var seed: UInt64

    package init(seed: UInt64) { self.seed = seed }
}

/// What the demo tells.
package enum DemoStory: String, Sendable, CaseIterable {
    /// Twelve devices, a broker, an aggregator, and changes that roll in waves.
    case fleet
    /// One device by itself, in every detail.
    case device
}
