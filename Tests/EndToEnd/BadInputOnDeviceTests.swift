import Demo
import Testing

/// What a fleet must not contain, on its way through Git, a signature and a real device.
@Suite(.serialized) struct BadInputOnDeviceTests {
    @Test(
        "each bad release is rejected with its place, touches nothing, and the next one is applied")
    func texts() throws { try walk(BadRelease.texts) }

    @Test("what is too large is rejected the same way")
    func large() throws { try walk(BadRelease.large) }

    private func walk(_ releases: [BadRelease]) throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            let good = try fleet.bench.git(["rev-parse", "\(fleet.release)^{tree}"])
            for (index, bad) in releases.enumerated() {
                let commit = try fleet.push(
                    bad.changes(fleet.bench), onto: fleet.release, subject: bad.testDescription)
                try expectRejected(bad, commit, fleet)
                try applyGood(on: commit, tree: good, port: 8_000 + index, &fleet)
            }
        }
    }

    private func expectRejected(_ bad: BadRelease, _ commit: String, _ fleet: SmallFleet) throws {
        #expect(try fleet.sync() == 1, "\(bad)")
        let status = try fleet.device.status()
        let expected: [String: Word] = [
            "exit": .exactly("1"), "alarm.kind": .exactly("rejected"),
            "alarm.revision": .exactly(commit), "alarm.detail": .containing(bad.place),
            "revision": .exactly(fleet.release), "confirmed": .exactly("true"),
            // Trust does not wait for content.
            "trust.release": .exactly(commit),
        ]
        #expect(status.differences(from: expected) == [], "\(bad)")
        // A validator looks at a stage, which stands beside the files for a moment.
        let before = bad.place == "validator" ? fleet.tree.withoutIdentities : fleet.tree
        #expect(try fleet.device.tree().differences(from: before) == [], "\(bad)")
    }

    /// The fleet as it was good, with one other value.
    private func applyGood(
        on parent: String, tree: String, port: Int, _ fleet: inout SmallFleet
    ) throws {
        var draft = Workbench.Draft(parent: parent)
        draft.key = fleet.world.operatorPerson.key
        let plain = try fleet.bench.commit(tree: tree, draft)
        var change = draft
        change.changes = ["bundles/web/files/site.conf": .text("port {{ port }} \(port)\n")]
        change.parent = plain
        try fleet.bench.push(plain)
        fleet.release = try fleet.bench.commit(change)
        try fleet.bench.push(fleet.release)
        try fleet.apply()
        #expect(
            fleet.tree.entries["/etc/site.conf"]?.content
                == .file(Array("port 80 \(port)\n".utf8)))
    }
}
