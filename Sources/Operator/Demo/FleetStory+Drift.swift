internal import Foundation

/// Somebody changes files of the devices by hand.
extension FleetStory {
    func drift() throws {
        let edited = ["gateway-berlin-2", "kiosk-potsdam-1", "sensor-hub-berlin-1"]
        for id in edited { try append("It was me.\n", to: "/etc/motd", of: id) }
        try check(
            "a file that was edited by hand on three devices is put back, and the API tells of it",
            each(all) { id in
                var expected = settled(id)
                if edited.contains(id) {
                    expected.status["last.kind"] = .exactly("healed")
                    expected.status["last.detail"] = .containing("/etc/motd")
                }
                return expected
            },
            and: [{ try self.untold("healed", "/etc/motd", on: edited) }])
        try reported()
    }

    /// The people at the lock tune these values: a difference is told and not put back.
    private func reported() throws {
        let (id, path) = ("sensor-hub-berlin-2", "/etc/sensors/hub.conf")
        let before = try WorldFolder.read(world.device(id).root + path)
        try append("wind = every 1s\n", to: path, of: id)
        let tuned = try world.device(id).tree().withoutIdentities
        try check(
            "where the release says so, drift is reported and stays",
            [
                id: Expectation(
                    tree: tuned,
                    status: ["drift.count": .exactly("1"), "revision": .exactly(release)],
                    row: ["drift": .exactly("1"), "presence": .exactly("online")])
            ], and: [{ try self.driftDifferences(expecting: [id]) }])
        try world.device(id).write(path, before)
        try check(
            "when it is as before, the drift is over in all three places", each(all, settled),
            and: [{ try self.driftDifferences(expecting: []) }])
    }

    private func driftDifferences(expecting ids: [String]) throws -> [String] {
        let (answer, exit) = try world.running().ask(["drift"])
        let found = answer.list("devices").map { $0["id"] ?? "?" }.sorted()
        let expectedExit = ids.isEmpty ? 0 : 1
        return found == ids.sorted() && exit == expectedExit
            ? [] : ["`flotilla drift` names \(found) and ends with \(exit)"]
    }

    /// Devices of which no event of this kind names the path.
    private func untold(_ kind: String, _ path: String, on ids: [String]) throws -> [String] {
        let events = try picture("events", "--last", "1000").list("events")
        return ids.filter { id in
            !events.contains {
                $0["device"] == id && $0["kind"] == kind && $0["detail"]?.contains(path) == true
            }
        }.map { "\($0): no event `\(kind)` with \(path) in the API" }
    }

    func append(_ text: String, to path: String, of id: String) throws {
        let file = try world.device(id).root + path
        guard let handle = FileHandle(forWritingAtPath: file) else {
            throw DemoError("\(file) can't be written")
        }
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
    }
}
