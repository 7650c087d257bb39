internal import FleetModel
internal import HostSystem

/// What one device should be like in the three places.
struct Expectation {
    /// Bytes, modes and owners below its root.
    var tree: DeviceTree
    /// An earlier look, since which nothing may have been written.
    var earlier: DeviceTree?
    /// What its own status says.
    var status: [String: Word]
    /// What the aggregator's list of devices says.
    var row: [String: Word]

    init(
        tree: DeviceTree, untouchedSince earlier: DeviceTree? = nil, status: [String: Word],
        row: [String: Word]
    ) {
        self.tree = tree
        self.earlier = earlier
        self.status = status
        self.row = row
    }
}

extension FleetStory {
    /// Waits until all devices are as expected in all three places at the same moment.
    func check(
        _ name: String, _ expected: [String: Expectation], rollout: [String: Word] = [:],
        and more: [() throws -> [String]] = []
    ) throws {
        try check(name, places: places(expected, rollout) + more)
    }

    /// The same for what must be so now.
    func checkNow(
        _ name: String, _ expected: [String: Expectation], rollout: [String: Word] = [:],
        and more: [() throws -> [String]] = []
    ) throws {
        try checkNow(name, places: places(expected, rollout) + more)
    }

    /// The cheapest look comes first.
    private func places(_ expected: [String: Expectation], _ rollout: [String: Word])
        -> [() throws -> [String]]
    {
        [
            { try self.differencesOfRollout(rollout) },
            { try self.differencesInAPI(expected) },
            { try self.differencesInStatus(expected) },
            { try self.differencesOnDisk(expected) },
        ]
    }

    /// What the aggregator says of the rollout: `flotilla rollout status --json`.
    func differencesOfRollout(_ expected: [String: Word]) throws -> [String] {
        guard !expected.isEmpty else { return [] }
        return try picture("rollout", "status").differences("rollout", from: expected)
    }

    /// What the aggregator says of the devices.
    private func differencesInAPI(_ expected: [String: Expectation]) throws -> [String] {
        guard expected.values.contains(where: { !$0.row.isEmpty }) else { return [] }
        let rows = try rows()
        return expected.sorted { $0.key < $1.key }.flatMap { id, expectation in
            guard let row = rows[id] else { return ["\(id): the aggregator does not know it"] }
            return row.differences("\(id), API", from: expectation.row)
        }
    }

    /// What the devices say of themselves, all asked at the same time.
    private func differencesInStatus(_ expected: [String: Expectation]) throws -> [String] {
        let asked = expected.filter { !$0.value.status.isEmpty }.sorted { $0.key < $1.key }
        let statuses = try statuses(asked.map(\.key))
        let rows = asked.isEmpty ? [:] : try rowsIfAsked(expected)
        return zip(asked, statuses).flatMap { asked, status in
            let (id, expectation) = asked
            var found = status.differences(from: expectation.status).map { "\(id), \($0)" }
            // Both must mean the same content, whatever it is.
            if expectation.row["state"] != nil, let row = rows[id],
                row["digest"] != status["digest"]
            {
                found.append(
                    "\(id): its digest is \(status["digest"] ?? "nothing"), and the aggregator says "
                        + (row["digest"] ?? "nothing"))
            }
            return found
        }
    }

    private func differencesOnDisk(_ expected: [String: Expectation]) throws -> [String] {
        try expected.sorted { $0.key < $1.key }.flatMap { id, expectation in
            let found = try world.device(id).tree()
            let touched = expectation.earlier.map { found.differences(from: $0) } ?? []
            return (found.differences(from: expectation.tree) + touched).map { "\(id) \($0)" }
        }
    }

    /// The last words of the aggregator, of the broker, and of the first device that is named.
    func lastWords(about differences: [String]) -> [String] {
        let named = world.devices.filter { device in
            differences.contains { $0.hasPrefix("\(device.id),") || $0.hasPrefix("\(device.id):") }
        }
        var logs: [(name: String, path: String, lines: Int)] = []
        if let aggregator = world.aggregator { logs.append(("aggregator", aggregator.log, 3)) }
        logs.append(("broker", world.broker.log, 1))
        logs += named.prefix(1).map { ($0.id, $0.log, 4) }
        return logs.flatMap { log in
            let text = (try? WorldFolder.read(log.path)) ?? ""
            return text.split(separator: "\n").suffix(log.lines).map { "\(log.name): \($0)" }
        }
    }

    // MARK: The three places

    /// One of the aggregator's answers, by `flotilla … --json`.
    func picture(_ arguments: String...) throws -> JSONView {
        try world.running().ask(arguments).view
    }

    /// The aggregator's row of each device.
    func rows() throws -> [String: JSONView] {
        let rows = try picture("devices").list("devices")
        return Dictionary(rows.map { ($0["id"] ?? "?", $0) }, uniquingKeysWith: { $1 })
    }

    private func rowsIfAsked(_ expected: [String: Expectation]) throws -> [String: JSONView] {
        expected.values.contains { !$0.row.isEmpty } ? try rows() : [:]
    }

    func statuses(_ ids: [String]) throws -> [DeviceStatus] {
        let commands = try ids.map { id in
            let device = try world.device(id)
            return (
                program: world.tools.agent,
                arguments: ["status", "--json", "--root", device.root]
            )
        }
        return try zip(ids, world.tools.attemptTogether(commands)).map { id, outcome in
            guard case .ended(.exited(let exit)) = outcome.status, exit <= 1 else {
                throw DemoError(
                    "status of \(id) ended with \(outcome.status): \(outcome.errorText)")
            }
            return try DeviceStatus(outcome.output, exit: exit)
        }
    }

    func status(_ id: String) throws -> DeviceStatus { try world.device(id).status() }

    // MARK: Waiting for a moment

    /// Waits until the aggregator says so of the rollout. What can't be reached ends the step.
    func wait(for what: String, _ expected: [String: Word]) throws {
        progress.await("waiting until \(what)")
        let isReached = try watchman.wait(atMost: patience) {
            try differencesOfRollout(expected).isEmpty
        }
        guard isReached else {
            let found = try differencesOfRollout(expected).joined(separator: "; ")
            throw DemoError("it never came to pass that \(what): \(found)")
        }
    }

    func waitUntilRolling() throws {
        try wait(
            for: "the rollout of \(release.prefix(10)) began",
            ["current.release": .exactly(release)])
    }

    /// The state of a wave: waiting, open, soaking, done.
    func wave(_ name: String) throws -> String? {
        try picture("rollout", "status").list("current.waves").first { $0["name"] == name }?[
            "state"]
    }

    func events(of id: String) throws -> [JSONView] {
        try picture("events", "--last", "1000", "--device", id).list("events")
    }
}
