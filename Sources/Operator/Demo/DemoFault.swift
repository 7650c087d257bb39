/// One real fault that is swapped into the world, to prove that the checks can fail. The product's
/// code stays as it is.
package enum DemoFault: String, Sendable, CaseIterable {
    /// The devices were given the attacker's key as one to trust.
    case verify
    /// The bad release comes without the health checks that would send it back.
    case gate
    /// The release says that drift is only reported.
    case heal
    /// The aggregator may open releases, and may not acknowledge what it heard.
    case ack

    /// The story in which it is found.
    package static func all(in story: DemoStory) -> [DemoFault] {
        switch story {
        case .fleet: [.verify, .gate, .ack]
        case .device: [.verify, .gate, .heal]
        }
    }
}
