/// Somebody has the Git server, but no key that the fleet trusts.
extension Story {
    func attacks() throws {
        let bench = try world.makeWorkbench()
        let untouched = try world.device.tree()
        var draft = Workbench.Draft(parent: release)
        draft.changes = ["bundles/base/files/motd": .text("This device belongs to us now\n")]

        let unsigned = try bench.commit(draft)
        try refused(
            unsigned, as: "unsigned", "an unsigned commit is refused", untouched, bench)

        draft.key = world.attacker.key
        let stranger = try bench.commit(draft)
        try refused(
            stranger, as: "unknownSigner", "a commit of an unknown key is refused", untouched,
            bench)

        draft.key = world.operatorPerson.key
        draft.changes = ["README.md": .text("harmless\n")]
        let signed = try bench.commit(draft)
        try refused(
            bench.tampered(signed, withTreeOf: unsigned), as: "tampered",
            "a commit that was changed after signing is refused", untouched, bench)

        draft.changes = ["bundles/base/files/motd": .text("This device belongs to testers\n")]
        draft.channel = "harbour/testing"
        try refused(
            bench.commit(draft), as: "wrongChannel",
            "a good signature for another channel is refused", untouched, bench)

        try refused(
            bench.git(["rev-parse", "\(release)^"]), as: "notOnChain",
            "an older release, signed and good in its time, is refused", untouched, bench)
    }

    private func refused(
        _ commit: String, as code: String, _ name: String, _ untouched: DeviceTree,
        _ bench: Workbench
    ) throws {
        try bench.push(commit)
        try check(
            "\(name); nothing is touched", current, untouchedSince: untouched,
            [
                "exit": .exactly("1"), "alarm.kind": .exactly("refused"),
                "alarm.revision": .exactly(commit), "alarm.detail": .beginning("\(code):"),
                "problem": .beginning("refused"), "revision": .exactly(release),
                "trust.release": .exactly(release), "confirmed": .exactly("true"),
            ])
    }

    func recovery() throws {
        try world.desk.pushChannel()
        try check("with the channel repaired the alarm is over", current, allIsWell)
        try setInterval("45s")
        try publishGood("Report a little less often")
        try check("the next good release is applied", current, allIsWell)
    }
}
