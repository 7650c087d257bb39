/// A change that is bad, and its end.
extension FleetStory {
    private static let goodEndpoint = "https://telemetry.harbour.example/v1/push"
    private static let badEndpoint = "http://telemetry.harbour.example/v1/push"
    private static let newEndpoint = "https://telemetry.harbour.example/v2/push"

    /// Gives the telemetry an address that its health check refuses.
    func badChange() throws {
        let bundle = "bundles/telemetry/bundle.yaml"
        let healthyBundle = try world.desk.read(bundle)
        try replaceEndpoint(Self.goodEndpoint, with: Self.badEndpoint)
        if options.fault == .gate {
            let rest = healthyBundle.split(separator: "\nhealth:")
            try world.desk.write(bundle, String(rest.first ?? "") + "\n")
        }
        let untouched = try look(others)
        let kiosks = ids(.kiosk)
        let bad = try publish("Send telemetry without encryption")
        try check(
            "the canary goes back by itself, every byte as before",
            [Self.canary: wentBack(from: bad)],
            rollout: ["current.release": .exactly(bad)])
        try check(
            "the rollout halts, and says why",
            [Self.canary: wentBack(from: bad)],
            rollout: [
                "current.release": .exactly(bad), "current.standing": .exactly("halted"),
                "current.reason": .something, "ok": .exactly("false"),
            ],
            and: [haltedExit])
        try checkNow(
            "the eleven others were never touched, though they know the release",
            each(others) { id in
                // Kiosks are not changed by it: they take note of it without an order.
                let revision: Word = kiosks.contains(id) ? .exactly(bad) : .not(bad)
                return Expectation(
                    tree: current[id] ?? DeviceTree(), untouchedSince: untouched[id],
                    status: [
                        "revision": revision, "confirmed": .exactly("true"),
                        "failed": .exactly("0"),
                    ],
                    row: [
                        "state": .exactly(kiosks.contains(id) ? "unchanged" : "waiting"),
                        "revision": revision,
                    ])
            })
        try check(
            "the aggregator explains what is in the canary's way",
            [Self.canary: wentBack(from: bad)], and: [explanation])
        // The operator takes it back, whatever the devices made of it.
        try world.desk.write(bundle, healthyBundle)
        try replaceEndpoint(Self.badEndpoint, with: Self.newEndpoint)
        try fixIt()
    }

    private func wentBack(from bad: String) -> Expectation {
        Expectation(
            tree: current[Self.canary] ?? DeviceTree(),
            status: [
                "revision": .exactly(release), "confirmed": .exactly("true"),
                "failed": .exactly("1"), "trust.release": .exactly(bad),
                "drift.count": .exactly("0"),
            ],
            row: [
                "state": .oneOf(["failed", "rolledBack"]), "revision": .exactly(release),
                "confirmed": .exactly("true"), "alarm": .exactly("knownBad"),
            ])
    }

    private func haltedExit() throws -> [String] {
        let exit = try world.running().ask(["rollout", "status"]).exit
        return exit == 1 ? [] : ["`flotilla rollout status` ended with \(exit) and not with 1"]
    }

    private func explanation() throws -> [String] {
        let (why, exit) = try world.running().ask(["why", Self.canary])
        let steps = why.list("steps")
        let bad = steps.filter { $0["ok"] == "false" }
        if exit == 1, !bad.isEmpty, bad.allSatisfy({ $0["fix"] != nil }) { return [] }
        return [
            "`flotilla why` ended with \(exit), and \(bad.count) of \(steps.count) steps say what "
                + "is in the way"
        ]
    }

    private func fixIt() throws {
        for id in all { samples[id]?.set("telemetry_endpoint", Self.newEndpoint) }
        let kiosks = ids(.kiosk)
        let untouched = try look(kiosks)
        try publishGood("Move telemetry to the new address")
        try check(
            "the release that puts it right takes its place, and reaches all that it changes",
            each(ids(.gateway, .sensorHub)) { id in
                var expected = settled(id)
                expected.row["state"] = .exactly("succeeded")
                return expected
            }, rollout: isComplete)
        try check(
            "kiosks, which it does not change, take note of it and are not touched",
            each(kiosks) { id in
                var expected = settled(id)
                expected.earlier = untouched[id]
                expected.row["state"] = .exactly("unchanged")
                return expected
            })
    }

    private func replaceEndpoint(_ old: String, with new: String) throws {
        try world.desk.replace(
            "telemetry_endpoint: \(old)", with: "telemetry_endpoint: \(new)", in: "fleet.yaml")
    }
}
