/// Counts the boots that a generation on trial has cost: one that makes its device crash must not be
/// able to do so for ever.
///
/// A boot is charged when the next one begins, for only then is it known how it ended. One that ended
/// in an orderly stop of the agent costs nothing. Others count; but one in which the agent did not
/// have two minutes counts a third, for somebody may be at the plug. A life of the agent that ended
/// in no order within one boot counts a third as well.
package struct BootCount: Equatable, Sendable {
    /// The generation that is not confirmed.
    package private(set) var generation: Int
    /// The boot that is charged next.
    package private(set) var boot: String
    package private(set) var thirds = 0
    /// The agent had two minutes in it.
    package private(set) var hadTime = false
    /// The agent is at work in it, or died without a word.
    package private(set) var isOpen = false
    /// The agent was told to stop in it, and did.
    package private(set) var wasOrderly = false

    /// How long the agent must have been at work for a boot to count in full.
    package static let enoughTime = Duration.seconds(120)

    package init(generation: Int, boot: String) {
        self.generation = generation
        self.boot = boot
    }

    /// As it was written down.
    package init(
        generation: Int, boot: String, thirds: Int, hadTime: Bool, isOpen: Bool, wasOrderly: Bool
    ) {
        self.init(generation: generation, boot: boot)
        self.thirds = thirds
        self.hadTime = hadTime
        self.isOpen = isOpen
        self.wasOrderly = wasOrderly
    }

    /// Something of ours begins to run. What was kept for another generation says nothing.
    package static func seen(
        _ known: BootCount?, generation: Int, boot: String
    ) -> BootCount {
        guard var count = known, count.generation == generation else {
            return BootCount(generation: generation, boot: boot)
        }
        guard count.boot != boot else { return count }
        if !count.wasOrderly { count.thirds += count.hadTime ? 3 : 1 }
        count.boot = boot
        count.hadTime = false
        count.isOpen = false
        count.wasOrderly = false
        return count
    }

    /// The agent begins to work, in the boot that was seen.
    package mutating func agentBegan() {
        if isOpen { thirds += 1 }
        isOpen = true
        wasOrderly = false
    }

    package mutating func agentHadTime() { hadTime = true }

    /// The agent ends as it was told to.
    package mutating func agentEnded() {
        isOpen = false
        wasOrderly = true
    }

    /// Why the generation is given up; nil while it may have another boot.
    package func verdict(maxBoots: Int) -> String? {
        guard thirds >= 3 * maxBoots else { return nil }
        return "not confirmed after \(maxBoots) boots that ended in no order"
    }
}
