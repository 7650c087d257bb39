internal import Foundation

/// Releases that go through the waves.
extension FleetStory {
    /// The fleet's first release names people and devices and has no bundle yet.
    func arrival() throws {
        let bundles = world.desk.folder + "/bundles"
        let aside = world.folder.path + "/bundles"
        try FileManager.default.moveItem(atPath: bundles, toPath: aside)
        release = try world.desk.publish("Begin the fleet: who may sign, and which devices")
        try FileManager.default.moveItem(atPath: aside, toPath: bundles)
        try world.serve()
        try world.install()
        try check(
            "twelve devices are online, and not one file of theirs is touched",
            each(all) { id in
                Expectation(
                    tree: before[id] ?? DeviceTree(),
                    status: [
                        "link.state": .exactly("up"), "trust.release": .exactly(release),
                        "alarm": .nothing,
                    ],
                    row: [
                        "presence": .exactly("online"), "alarm": .nothing,
                        "labels.ring": .exactly(id == Self.canary ? "canary" : "stable"),
                        "labels.role": .exactly(samples[id]?.role.rawValue ?? ""),
                    ])
            })
    }

    func firstRollout() throws {
        try publishGood("The harbour's fleet")
        try waves("the first release")
        try check(
            "every outcome was heard and acknowledged: outboxes are empty",
            each(all) { id in
                var expected = settled(id)
                expected.status["link.outbox.events"] = .exactly("0")
                return expected
            },
            and: [{ try self.missing("confirmed", on: self.all) }])
    }

    func goodChange() throws {
        try setPanic(20)
        try publishGood("Wait longer after a panic")
        try waves("a change for all")
        try changeForKiosks()
    }

    /// Something that means nothing to seven of the twelve.
    private func changeForKiosks() throws {
        let kiosks = ids(.kiosk)
        let rest = ids(.gateway, .sensorHub)
        let untouched = try look(rest)
        try world.desk.replace(
            "kiosk_brightness: \"80\"", with: "kiosk_brightness: \"70\"",
            in: "groups/role=kiosk.yaml")
        for id in kiosks where samples[id]?.ownValues["kiosk_brightness"] == nil {
            samples[id]?.values["kiosk_brightness"] = "70"
        }
        try publishGood("Make the kiosks a little darker")
        let changed = kiosks.filter { samples[$0]?.ownValues["kiosk_brightness"] == nil }
        try check(
            "a change for kiosks reaches the \(changed.count) that it changes",
            each(changed) { id in
                var expected = settled(id)
                expected.row["state"] = .exactly("succeeded")
                return expected
            },
            rollout: isComplete.merging(["current.affected": .exactly("\(changed.count)")]) { $1 })
        try check(
            "the others take note of it, and not one of their files is touched",
            each(rest) { id in
                var expected = settled(id)
                expected.earlier = untouched[id]
                expected.row["state"] = .exactly("unchanged")
                return expected
            })
    }

    /// Follows a release that changes every device through its three waves. It was published a
    /// moment ago.
    func waves(_ what: String) throws {
        let had = try look(others)
        try wait(
            for: "the first wave of \(what) is open",
            ["current.release": .exactly(release), "current.waves": .exactly("3")])
        try checkNow(
            "\(what): the first wave is for the canary; eleven wait, nothing of them is touched",
            each(others) { id in
                Expectation(
                    tree: had[id]?.withoutIdentities ?? DeviceTree(), untouchedSince: had[id],
                    status: ["revision": .not(release)],
                    row: ["state": .exactly("waiting"), "revision": .not(release)])
            },
            and: [{ try self.wave("half") == "waiting" ? [] : ["the second wave is open already"] }]
        )
        try check(
            "\(what): the canary has every file of its role, byte for byte",
            [Self.canary: settled(Self.canary)])
        try check(
            "\(what): all twelve have it, byte for byte, and the rollout is complete",
            each(all) { id in
                var expected = settled(id)
                expected.row["state"] = .exactly("succeeded")
                return expected
            },
            rollout: isComplete.merging([
                "current.counts.succeeded": .exactly("12"), "current.affected": .exactly("12"),
            ]) { $1 })
        try checkNow(
            "\(what): nobody moved before the wave that let it in",
            places: [
                { try self.earlyMoves(of: self.all) }
            ])
    }

    /// Devices whose files, own word or event are older than the opening of their wave.
    private func earlyMoves(of ids: [String]) throws -> [String] {
        let answer = try picture("rollout", "status")
        var opened: [String: Int] = [:]
        for wave in answer.list("current.waves") {
            opened[wave["name"] ?? "?"] = wave["opened"].flatMap { Int($0) }
        }
        var sizes: [String: Int] = [:]
        let rows = try rows()
        var found: [String] = []
        for id in ids {
            guard let name = rows[id]?["wave"], let moment = opened[name] else {
                found.append("\(id): the aggregator names no wave that let it in")
                continue
            }
            sizes[name, default: 0] += 1
            let tree = try world.device(id).tree()
            // Every one of these devices got another file there.
            let file = "/etc/sysctl.d/60-fleet.conf"
            guard let written = tree.entries[file]?.identity?.changedMilliseconds else {
                found.append("\(id): \(file) is missing")
                continue
            }
            if written < moment { found.append("\(id): its files are older than the wave \(name)") }
            let events = try events(of: id).filter {
                $0["kind"] == "confirmed" && $0["revision"] == release
            }
            if events.count != 1 {
                found.append("\(id): \(events.count) events say that it confirmed the release")
            }
            for event in events where event["at"].flatMap({ Int($0) }) ?? 0 < moment {
                found.append("\(id): it confirmed before the wave \(name) opened")
            }
        }
        // Half of all, the canary among them, and then the rest.
        let expected = [1, 5, 6]
        let names = answer.list("current.waves").map { $0["name"] ?? "?" }
        for (name, count) in zip(names, expected) where sizes[name] != count {
            found.append("the wave \(name) let in \(sizes[name] ?? 0) devices and not \(count)")
        }
        return found
    }

    /// Devices of which the aggregator has no such event of the last good release.
    func missing(_ kind: String, on ids: [String]) throws -> [String] {
        let events = try picture("events", "--last", "1000").list("events")
        let known = Set(
            events.filter { $0["kind"] == kind && $0["revision"] == release }.map {
                $0["device"] ?? "?"
            })
        return ids.filter { !known.contains($0) }.map { "\($0): no event `\(kind)` in the API" }
    }
}
