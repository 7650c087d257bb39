/// What the demo is asked for.
package struct DemoOptions: Sendable {
    /// The sample fleet repository that the world begins with.
    package var fleet = "Fleet"
    /// Whether the world stays up at the end.
    package var keepsWorld = false
    package var fault: DemoFault?
    /// What decides the moments at which the agent is killed.
    package var seed: UInt64

    package init(seed: UInt64) { self.seed = seed }
}
