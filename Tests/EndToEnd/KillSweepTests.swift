import Demo
import TestSupport
import Testing

/// The built agent, killed with SIGKILL at random moments.
@Suite struct KillSweepTests {
    /// Another seed is another sweep; this one is fixed so that a failure can be repeated.
    private static let seed: UInt64 = 20_261_123
    private static let kills = Thoroughness.rounds(8, full: 24)
    private static let count = 200

    @Test(
        "killed again and again while it applies 200 files, every path is wholly old or wholly new")
    func sweep() throws {
        var files = [
            SmallFleet.bundle: """
            match: ""
            directories:
              - {path: /srv/many, source: many}
            health:
              settle: 300ms
              interval: 100ms
              deadline: 20s
              checks:
                - {name: there, file: {path: /srv/many/1}}

            """
        ]
        for number in 1...Self.count { files["bundles/web/many/\(number)"] = "edition 0\n" }
        try SmallFleet.withWorld(files) { fleet in
            try fleet.apply()
            var dice = Dice(seed: Self.seed)
            let sweep = KillSweep(fleet.device, fleet.world.tools.watchman)
            var (old, new) = (fleet.tree.withoutIdentities, try publish(edition: 1, &fleet))
            var moves = 0
            for number in 1...Self.kills {
                let round = try sweep.round(
                    from: old, to: new, release: fleet.release, using: &dice)
                #expect(round.problems == [], "kill \(number) with seed \(Self.seed)")
                moves += round.hitAMove ? 1 : 0
                if round.wasFinished {
                    old = new
                    new = try publish(edition: number + 1, &fleet)
                }
            }
            // Otherwise the moments were badly chosen, and the sweep says nothing.
            #expect(moves * 24 >= Self.kills * 5)
            try fleet.apply()
            #expect(fleet.tree.differences(from: new) == [])
        }
    }

    /// What the device shall have.
    private func publish(edition: Int, _ fleet: inout SmallFleet) throws -> DeviceTree {
        var tree = fleet.tree.withoutIdentities
        var changes: [String: Workbench.Change] = [:]
        for number in 1...Self.count {
            let text = String(repeating: "edition \(edition)\n", count: number)
            changes["bundles/web/many/\(number)"] = .text(text)
            tree.entries["/srv/many/\(number)"] = DeviceTree.Entry(
                .file(Array(text.utf8)), mode: 0o644)
        }
        fleet.release = try fleet.push(changes, onto: fleet.release)
        return tree
    }
}
