internal import FleetModel
internal import HostSystem

/// Kills the agent at moments that chance decides while it applies a release, and looks at what it
/// leaves: every path wholly old or wholly new, and a status that says which.
package struct KillSweep {
    private let device: DemoDevice
    private let watchman: Watchman

    package init(_ device: DemoDevice, _ watchman: Watchman) {
        self.device = device
        self.watchman = watchman
    }

    /// What one kill came to.
    package struct Round: Sendable {
        /// What was not as promised; empty when all was.
        package var problems: [String] = []
        /// Whether a move was under way at that moment.
        package var hitAMove = false
        /// Whether the new release was confirmed before the kill.
        package var wasFinished = false
    }

    /// Starts the agent, kills it, and looks.
    package func round(
        from old: DeviceTree, to new: DeviceTree, release: String, using dice: inout Dice
    ) throws -> Round {
        try device.start()
        try waitForTheMoment(using: &dice)
        try device.kill()
        return try examine(old, new, release)
    }

    private func waitForTheMoment(using dice: inout Dice) throws {
        switch Int.random(in: 0..<4, using: &dice) {
        case 0:
            // Anywhere from the start of the program to the middle of the gate.
            try watchman.letPass(dice.duration(below: .milliseconds(1_500)))
        case 1:
            // In the gate.
            try waitForTheJournal()
            try watchman.letPass(dice.duration(below: .milliseconds(2_500)))
        default:
            // Around the commit point.
            try waitForTheJournal()
            try watchman.letPass(dice.duration(below: .milliseconds(120)))
        }
    }

    /// The journal is written right before the first change. Where there is nothing to do, there
    /// is none.
    private func waitForTheJournal() throws {
        _ = try watchman.wait(atMost: .seconds(3)) { device.hasJournal() }
    }

    private func examine(_ old: DeviceTree, _ new: DeviceTree, _ release: String) throws -> Round {
        let status = try device.status()
        var tree = try device.tree().withoutIdentities
        // What is staged beside its place has names of its own, and is nobody's file yet.
        tree.entries = tree.entries.filter { !$0.key.contains("/.flotilla-") }
        var round = Round()
        let isNew = status[path: "generationRevision"] == release
        round.hitAMove = status[path: "problem"]?.contains("under way") ?? false
        round.wasFinished = isNew && status[path: "confirmed"] == "true"
        if isNew && round.hitAMove {
            round.problems = mixture(tree, old, new)
        } else {
            // Before the commit point nothing is touched; after the end everything is done.
            let which = isNew ? "new" : "old"
            round.problems = tree.differences(from: isNew ? new : old).map {
                "status says it is on the \(which) release: \($0)"
            }
        }
        return round
    }

    /// Paths that are neither as they were nor as they shall be.
    private func mixture(
        _ tree: DeviceTree, _ old: DeviceTree, _ new: DeviceTree
    ) -> [String] {
        let known = Set(tree.entries.keys).union(old.entries.keys).union(new.entries.keys)
        return known.sorted().compactMap { path in
            let found = tree.entries[path]
            return found == old.entries[path] || found == new.entries[path]
                ? nil : "\(path) is neither old nor new: \(found?.content.shown ?? "nothing")"
        }
    }
}
