internal import HostSystem

/// Somebody has the Git server, and has killed the broker: the devices look for themselves.
extension FleetStory {
    func attacks() throws {
        try world.broker.kill()
        try check(
            "without a broker every device goes on as it is, and says that the link is down",
            each(all) { id in
                var expected = settled(id)
                expected.status["link.state"] = .not("up")
                // What is away is a concern of its own.
                expected.status["exit"] = nil
                expected.status["problem"] = nil
                expected.row = [:]
                return expected
            }, and: [{ try self.brokerDifferences(isUp: false) }])
        let bench = try world.makeWorkbench()
        var draft = Workbench.Draft(parent: release)
        draft.changes = ["bundles/base/files/motd": .text("This device belongs to us now\n")]
        try refused(bench.commit(draft), as: "unsigned", "an unsigned commit", bench)
        draft.key = world.attacker.key
        try refused(bench.commit(draft), as: "unknownSigner", "a commit of an unknown key", bench)
        draft.key = world.operatorPerson.key
        draft.channel = "harbour/testing"
        try refused(
            bench.commit(draft), as: "wrongChannel", "a good signature for another channel", bench)
    }

    private func refused(
        _ commit: String, as code: String, _ what: String, _ bench: Workbench
    ) throws {
        let untouched = try look(all)
        try bench.push(commit)
        try world.aggregator?.hook()
        try syncAll()
        try check(
            "\(what) is refused by all twelve and by the aggregator; nothing is touched",
            each(all) { id in
                Expectation(
                    tree: current[id] ?? DeviceTree(), untouchedSince: untouched[id],
                    status: refusal(of: commit, code), row: [:])
            },
            rollout: [
                "trust.refusal.code": .exactly(code), "trust.release": .exactly(release),
                "current.release": .exactly(release),
            ])
    }

    private func refusal(of commit: String, _ code: String) -> [String: Word] {
        [
            "exit": .exactly("1"), "alarm.kind": .exactly("refused"),
            "alarm.revision": .exactly(commit), "alarm.detail": .beginning("\(code):"),
            "revision": .exactly(release), "trust.release": .exactly(release),
            "confirmed": .exactly("true"),
        ]
    }

    /// Does not wait for the devices' own pace, which becomes slower while nothing happens.
    private func syncAll() throws {
        progress.await("each device looks at Git")
        let commands = world.devices.map {
            (program: world.tools.agent, arguments: ["sync", "--root", $0.root])
        }
        _ = try world.tools.attemptTogether(commands)
    }

    func recovery() throws {
        try world.broker.start()
        try check(
            "with the broker back every device has told of its alarm",
            each(all) { id in
                Expectation(
                    tree: current[id] ?? DeviceTree(),
                    status: ["alarm.kind": .exactly("refused"), "link.state": .exactly("up")],
                    row: ["alarm": .exactly("refused"), "presence": .exactly("online")])
            }, and: [{ try self.brokerDifferences(isUp: true) }])
        try world.desk.pushChannel()
        try world.aggregator?.hook()
        try syncAll()
        try check(
            "with the channel repaired the alarms are over, here and there", each(all, settled),
            rollout: isComplete.merging(["trust.refusal": .nothing]) { $1 })
        try setPanic(25)
        try publishGood("A change after all that")
        try check(
            "the next good release reaches all twelve", each(all, settled), rollout: isComplete)
    }

    private func brokerDifferences(isUp: Bool) throws -> [String] {
        let health = try picture("status")["health.broker"]
        return (health == "ok") == isUp
            ? [] : ["the aggregator says of the broker: \(health ?? "nothing")"]
    }
}
