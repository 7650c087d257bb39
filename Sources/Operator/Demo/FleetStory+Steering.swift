internal import HostSystem

/// An operator steers, by signed commands.
extension FleetStory {
    func pause() throws {
        try setPanic(40)
        let soak = try publishWithLongSoak("A change that is paused")
        try waitUntilRolling()
        try steer(["pause", "--reason", "the crane is moving"], as: world.operatorPerson)
        let untouched = try look(others)
        progress.await("the pause lasts longer than a soak")
        try watchman.letPass(soak)
        try checkNow(
            "a pause pauses: eleven wait as they are, and the aggregator says who wants it so",
            each(others) { id in
                Expectation(
                    tree: untouched[id]?.withoutIdentities ?? DeviceTree(),
                    untouchedSince: untouched[id], status: ["revision": .not(release)],
                    row: ["state": .exactly("waiting"), "revision": .not(release)])
            },
            rollout: [
                "current.release": .exactly(release), "current.standing": .exactly("paused"),
                "current.reason": .containing("the crane is moving"),
            ])
        try check(
            "a command of an unknown key is refused, and nothing goes on",
            each(others) { id in
                Expectation(
                    tree: untouched[id]?.withoutIdentities ?? DeviceTree(),
                    untouchedSince: untouched[id], status: ["revision": .not(release)],
                    row: ["state": .exactly("waiting")])
            }, rollout: ["current.standing": .exactly("paused")],
            and: [{ try self.refusesTheAttacker() }])
        try steer(["resume", "--reason", "the crane is gone"], as: world.operatorPerson)
        try check(
            "after `resume` the waves go on to the end", each(all, settled), rollout: isComplete)
    }

    /// Runs a command of `flotilla rollout` with somebody's key; it must be obeyed.
    private func steer(_ arguments: [String], as person: Person) throws {
        progress.await("flotilla rollout \(arguments[0])")
        let outcome = try world.running().flotilla(
            ["rollout"] + arguments + ["--key", person.key])
        guard outcome.isSuccess else {
            throw DemoError(
                "`flotilla rollout \(arguments[0])` ended with \(outcome.status): "
                    + outcome.errorText)
        }
    }

    private func refusesTheAttacker() throws -> [String] {
        let (answer, exit) = try world.running().ask(
            ["rollout", "resume", "--key", world.attacker.key])
        return exit == 1 && answer["ok"] == "false"
            ? [] : ["the attacker's `resume` ended with \(exit)"]
    }

    /// After everything the fleet is well, and says so.
    func glance() throws {
        try check(
            "at the end every device is well, drift is none, and `flotilla status` ends with 0",
            each(all) { id in
                var expected = settled(id)
                expected.status["link.outbox.events"] = .exactly("0")
                return expected
            }, rollout: isComplete,
            and: [
                {
                    let (answer, exit) = try self.world.running().ask(["status"])
                    return exit == 0 && answer["online"] == "12"
                        ? []
                        : ["`flotilla status` ended with \(exit)"]
                            + answer.list("worries").compactMap(\.text)
                }
            ])
        try check(
            "`flotilla why` finds nothing in the way of any device", each(all, settled),
            and: [
                { try self.all.flatMap { try self.obstacles(of: $0) } }
            ])
    }

    /// What `flotilla why` says is in the way of a device.
    private func obstacles(of id: String) throws -> [String] {
        let (why, exit) = try world.running().ask(["why", id])
        guard exit != 0 else { return [] }
        let steps = why.list("steps").filter { $0["ok"] == "false" }
        return steps.map { "\(id): \($0["what"] ?? "?"): \($0["detail"] ?? "?")" }
            + ["\(id): `flotilla why` ended with \(exit)"]
    }
}
