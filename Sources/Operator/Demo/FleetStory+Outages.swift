internal import FleetModel
internal import HostSystem

/// Parts of the world go away at the worst moment, and come back.
extension FleetStory {
    /// The aggregator is killed between two waves.
    func aggregatorKilled() throws {
        try setPanic(30)
        let soak = try publishWithLongSoak("A change in the middle of which the aggregator dies")
        try waitUntilRolling()
        let began = try picture("rollout", "status").list("current.decisions").first?["digest"]
        try check(
            "the canary has the new release",
            [Self.canary: settled(Self.canary)], rollout: ["current.release": .exactly(release)])
        try world.running().kill()
        let untouched = try look(others)
        // Longer than the canary must be well before the next wave.
        progress.await("the aggregator stays away for a while")
        try watchman.letPass(soak)
        try checkNow(
            "without the aggregator no further wave opens, and nothing is touched",
            each(all) { id in
                Expectation(
                    tree: untouched[id]?.withoutIdentities ?? current[id] ?? DeviceTree(),
                    untouchedSince: untouched[id],
                    status: [
                        "revision": id == Self.canary ? .exactly(release) : .not(release),
                        "link.state": .exactly("up"),
                    ], row: [:])
            }, and: [unreachable])
        try world.running().start()
        try check(
            "the aggregator goes on where it was: the same rollout comes to its end",
            each(all, settled), rollout: isComplete, and: [{ try self.sameRollout(as: began) }])
    }

    private func unreachable() throws -> [String] {
        let exit = try world.running().ask(["status"]).exit
        return exit == 3 ? [] : ["`flotilla status` ended with \(exit) and not with 3"]
    }

    private func sameRollout(as began: String?) throws -> [String] {
        let digests = try picture("rollout", "status").list("current.decisions").map {
            $0["digest"]
        }
        return digests.contains(began) ? [] : ["the decisions from before the kill are gone"]
    }

    /// The canary's agent is killed while it applies.
    func agentKilled() throws {
        let id = Self.canary
        let had = current[id] ?? DeviceTree()
        try world.desk.write(
            "bundles/archive/bundle.yaml",
            """
            # Enough files for a flip to be caught in the middle.
            match: role=gateway
            directories:
              - path: /srv/archive
                source: files

            """)
        for number in 1...60 {
            try world.desk.write(
                "bundles/archive/files/\(number).txt",
                String(repeating: "File \(number) of the archive.\n", count: number))
        }
        extraFolder = ("bundles/archive/files", "/srv/archive")
        try publishGood("An archive for the gateways")
        let device = try world.device(id)
        progress.await("waiting for the canary's flip")
        guard try watchman.wait(atMost: patience, until: { device.hasJournal() }) else {
            throw DemoError("the canary never began to apply")
        }
        try device.kill()
        try check(
            "killed in its move: each path is wholly old or new, and the aggregator sees it go",
            [
                id: Expectation(
                    tree: try device.tree().withoutIdentities,
                    status: ["problem": .containing("under way"), "confirmed": .something],
                    row: ["presence": .exactly("offline")])
            ], and: [{ try self.mixture(on: device, had) }])
        try device.start()
        try check(
            "after its start it goes on by itself, and the waves after it open",
            each(all, settled), rollout: isComplete)
        try check(
            "what it did is told once, kill or not",
            [id: settled(id)], and: [{ try self.toldOnce("confirmed", on: self.ids(.gateway)) }])
    }

    /// Paths that are neither as they were nor as they shall be.
    private func mixture(on device: DemoDevice, _ had: DeviceTree) throws -> [String] {
        var tree = try device.tree().withoutIdentities
        // What is staged beside its place has names of its own, and is nobody's file yet.
        tree.entries = tree.entries.filter { !$0.key.contains("/.flotilla-") }
        let new = current[device.id] ?? DeviceTree()
        let known = Set(tree.entries.keys).union(had.entries.keys).union(new.entries.keys)
        return known.sorted().compactMap { path in
            let found = tree.entries[path]
            return found == had.entries[path] || found == new.entries[path]
                ? nil : "\(path) is neither old nor new: \(found?.content.shown ?? "nothing")"
        }
    }

    private func toldOnce(_ kind: String, on ids: [String]) throws -> [String] {
        try ids.compactMap { id in
            let count = try events(of: id).count {
                $0["kind"] == kind && $0["revision"] == release
            }
            return count == 1 ? nil : "\(id): \(count) events `\(kind)` of this release"
        }
    }

    /// A device is switched off during a rollout, and comes later.
    func latecomer() throws {
        let id = "kiosk-potsdam-2"
        let rest = all.filter { $0 != id }
        let device = try world.device(id)
        try device.kill()
        let untouched = try device.tree()
        let had = release
        try setPanic(35)
        try publishGood("A change that one device sleeps through")
        try check("eleven devices have the release", each(rest, settled))
        try check(
            "the twelfth is offline, and nothing of it is touched",
            [
                id: Expectation(
                    tree: untouched.withoutIdentities, untouchedSince: untouched,
                    status: ["revision": .exactly(had)],
                    row: ["presence": .exactly("offline"), "state": .exactly("offline")])
            ], rollout: ["current.counts.offline": .exactly("1")])
        try device.start()
        try check(
            "when it comes back it arrives, through the same gate", each(all, settled),
            rollout: isComplete, and: [{ try self.missing("confirmed", on: [id]) }])
    }
}
