internal import HostSystem

/// Somebody works on the device on site.
extension Story {
    func hold() throws {
        try command(["hold", "--for", "1h", "--reason", "measuring at the antenna"])
        try append("Antenna work until noon.\n", to: world.device.root + "/etc/motd")
        let edited = try world.device.tree()
        try check(
            "while it is held, an edit is reported and stays", edited,
            [
                "hold.reason": .exactly("measuring at the antenna"),
                "drift.count": .exactly("1"), "revision": .exactly(release),
            ])
        let had = release
        try setInterval("90s")
        try publishGood("Report less often")
        try check(
            "while it is held, a release is verified and not applied", edited,
            [
                "hold": .something, "trust.release": .exactly(release),
                "alarm.kind": .exactly("held"), "alarm.revision": .exactly(release),
                "revision": .exactly(had), "drift.count": .exactly("1"),
            ])
        try command(["unhold"])
        var status = allIsWell
        status["hold"] = .nothing
        try check("after unhold the release is applied and the edit is gone", current, status)
    }

    func rollback() throws {
        try command(["rollback", "--reason", "the portal looks odd"])
        try check(
            "rollback leads to the generation before, every byte of it", previous,
            [
                "confirmed": .exactly("true"), "alarm.kind": .exactly("knownBad"),
                "alarm.revision": .exactly(release), "drift.count": .exactly("0"),
            ])
        let rolledBackTo = previous
        try setInterval("75s")
        try publishGood("Report a little more often")
        previous = rolledBackTo
        try check("the next release ends the rollback", current, allIsWell)
    }

    func goodbye() throws {
        try world.device.stop()
        try command(["rollback", "--to", "0", "--reason", "the device leaves the fleet"])
        try check(
            "back before Flotilla: the device's own files as they were", before,
            ["generation": .exactly("0"), "last.kind": .exactly("rolledBack")])
    }

    private func command(_ arguments: [String]) throws {
        progress.await(arguments.joined(separator: " "))
        let outcome = try world.device.command(arguments)
        guard outcome.isSuccess else {
            throw DemoError(
                "flotilla-agent \(arguments.joined(separator: " ")) ended with \(outcome.status): "
                    + outcome.errorText)
        }
    }
}
