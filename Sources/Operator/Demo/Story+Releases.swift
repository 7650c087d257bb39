/// Releases that are good, one that is bad, and what the device makes of them.
extension Story {
    func firstApply() throws {
        try publishGood("The harbour's fleet, with our own key")
        try world.serve()
        try world.install()
        try world.device.start()
        try check("the device has every file of its role, byte for byte", current, allIsWell)
    }

    func goodChange() throws {
        try world.desk.replace(
            "kernel.panic = 10", with: "kernel.panic = 20", in: "bundles/sysctl/files/60-fleet.conf"
        )
        try setInterval("30s")
        try publishGood("Wait longer after a panic, report more often")
        try check("the good change is applied and confirmed", current, allIsWell)
    }

    /// Gives the telemetry an address that its health check refuses.
    func badChange() throws {
        let good = "telemetry_endpoint: https://telemetry.harbour.example/v1/push"
        let bad = "telemetry_endpoint: http://telemetry.harbour.example/v1/push"
        let bundle = "bundles/telemetry/bundle.yaml"
        let healthyBundle = try world.desk.read(bundle)
        try world.desk.replace(good, with: bad, in: "fleet.yaml")
        try world.desk.replace(
            "kernel.panic = 20", with: "kernel.panic = 5", in: "bundles/sysctl/files/60-fleet.conf")
        if options.fault == .gate {
            let rest = healthyBundle.split(separator: "\nhealth:")
            try world.desk.write(bundle, String(rest.first ?? "") + "\n")
        }
        let refused = try publish("Send telemetry without encryption")
        let failure: [String: Word] = [
            "revision": .exactly(release), "confirmed": .exactly("true"),
            "failed": .exactly("1"), "trust.release": .exactly(refused),
            "drift.count": .exactly("0"),
        ]
        let wentBack = failure.merging(["alarm.kind": .exactly("knownBad")]) { $1 }
        try check("the device goes back by itself, every byte as before", current, wentBack)
        try tryTheSameAgain(failure)
        // The operator takes it back, whatever the device made of it.
        try world.desk.write(bundle, healthyBundle)
        try world.desk.replace(bad, with: good, in: "fleet.yaml")
        try fixIt()
    }

    /// Another revision that wants the very same of this device.
    private func tryTheSameAgain(_ failure: [String: Word]) throws {
        let untouched = try world.device.tree()
        let generation = try world.device.status()[path: "generation"] ?? ""
        try world.desk.replace(
            "# The harbour's fleet", with: "# The fleet of the harbour", in: "README.md")
        let again = try publish("Say it in other words")
        var status = failure
        status["trust.release"] = .exactly(again)
        status["alarm.kind"] = .exactly("knownBad")
        status["alarm.revision"] = .exactly(again)
        status["generation"] = .exactly(generation)
        try check(
            "what failed is not tried again under a new revision; nothing is touched", current,
            untouchedSince: untouched, status)
    }

    private func fixIt() throws {
        try world.desk.replace(
            "telemetry_endpoint: https://telemetry.harbour.example/v1/push",
            with: "telemetry_endpoint: https://telemetry.harbour.example/v2/push",
            in: "fleet.yaml")
        gateway.values["telemetry_endpoint"] = "https://telemetry.harbour.example/v2/push"
        try publishGood("Move telemetry to the new address")
        try check("the release that puts it right is applied", current, allIsWell)
    }

    func setInterval(_ value: String) throws {
        let old = gateway.values["telemetry_interval"] ?? ""
        try world.desk.replace(
            "telemetry_interval: \(old)", with: "telemetry_interval: \(value)", in: "fleet.yaml")
        gateway.values["telemetry_interval"] = value
    }
}
