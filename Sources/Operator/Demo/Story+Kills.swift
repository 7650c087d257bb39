internal import FleetModel
internal import HostSystem

/// The agent is killed in the middle of its work, again and again.
extension Story {
    private static let kills = 8

    func kills() throws {
        try world.device.stop()
        try world.desk.write(
            "bundles/archive/bundle.yaml",
            """
            # Enough files for a flip to be caught in the middle.
            match: role=gateway
            directories:
              - path: /srv/archive
                source: files

            """)
        extraFolder = ("bundles/archive/files", "/srv/archive")
        try publishArchive(edition: 1)
        let sweep = KillSweep(world.device, world.tools.watchman)
        var rounds: [KillSweep.Round] = []
        let start = Clocks.monotonic()
        for number in 1...Self.kills {
            progress.await("kill \(number) of \(Self.kills)")
            let round = try sweep.round(
                from: previous, to: current, release: release, using: &dice)
            rounds.append(round)
            if round.wasFinished { try publishArchive(edition: number + 1) }
        }
        let caught = rounds.count(where: \.hitAMove)
        var problems = rounds.enumerated().flatMap { index, round in
            round.problems.map { "kill \(index + 1): \($0)" }
        }
        if caught == 0 { problems.append("no kill hit a move, so nothing was shown") }
        note(
            "killed \(Self.kills) times, \(caught) of them in a move: each path wholly old or new, "
                + "and status says which", problems, after: Clocks.monotonic() - start)
        try world.device.start()
        try check("after the last start the device is wholly new", current, allIsWell)
    }

    private func publishArchive(edition: Int) throws {
        for number in 1...60 {
            try world.desk.write(
                "bundles/archive/files/\(number).txt",
                String(repeating: "File \(number) of edition \(edition).\n", count: number))
        }
        try publishGood("Edition \(edition) of the archive")
    }
}
