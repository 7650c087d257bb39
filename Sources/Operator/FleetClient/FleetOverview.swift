package import Documents
package import FleetModel
package import FleetTools

/// The fleet at a glance, and whether somebody should look closer.
package struct FleetOverview: Report {
    private let channel: ChannelPicture
    private let health: HealthAnswer
    private let now: Instant
    private let total: Int
    private let online: Int
    private let counts: StandingCounts
    private let drifting: [String]
    /// The ids of devices by what they are alarmed about.
    private let alarms: [String: [String]]
    /// The ids of devices that are there, and never said anything that was believed.
    private let unheard: [String]
    /// How many devices were looked at one by one, where that was not all.
    private let examined: Int?

    /// So many pages of devices are looked at for alarms; the counters are of all devices.
    private static let pages = 20
    /// So many devices are named one by one.
    private static let named = 5

    package init(_ server: FleetServer, now: Instant) async throws(OperatorError) {
        self.now = now
        channel = try await server.channel()
        health = try HealthAnswer(try await server.health())
        drifting = try await server.get("/v1/drift").requiredObjects("devices")
            .compactMap { $0.text("id") }
        let devices = try await server.devices(DeviceSearch(), pages: Self.pages)
        total = devices.total
        online = devices.online
        counts = devices.counts
        var alarms: [String: [String]] = [:]
        for device in devices.rows {
            if let alarm = device.alarm { alarms[alarm, default: []].append(device.id) }
            if device.isStale { alarms["stale", default: []].append(device.id) }
        }
        self.alarms = alarms
        unheard = devices.rows.filter { $0.isOnline && !$0.hasToldState }.map(\.id)
        examined = devices.isWhole ? nil : devices.rows.count
    }

    /// Why somebody should look closer; none where all is well.
    private var worries: [String] {
        var worries = health.worries
        if let refusal = channel.refusal {
            worries.append("the channel's tip is refused (\(refusal.code)): \(refusal.reason)")
        }
        if let rollout = channel.current, rollout.isStopped {
            worries.append(
                "the rollout of \(rollout.release.short) is \(rollout.standing)"
                    + (rollout.reason.map { ": \($0)" } ?? ""))
        }
        worries += counts.bad.map { "\(counted($0.count, "device")) \($0.standing.name)" }
        if !drifting.isEmpty { worries.append("\(counted(drifting.count, "device")) with drift") }
        for (alarm, ids) in alarms.sorted(by: { $0.key < $1.key }) {
            worries.append("\(counted(ids.count, "device")) with the alarm `\(alarm)`")
        }
        worries += unheard.prefix(Self.named).map {
            "\($0): online, and nothing that it signed was heard: flotilla why \($0)"
        }
        if unheard.count > Self.named {
            let more = counted(unheard.count - Self.named, "more device")
            worries.append("\(more) online, of which nothing that they signed was heard")
        }
        if let examined {
            worries.append("only the first \(examined) devices were looked at for alarms")
        }
        return worries
    }

    package var status: ExitStatus { worries.isEmpty ? .success : .refused }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "ok": .bool(worries.isEmpty), "status": .integer(Int64(status.rawValue)),
            "channel": .string(channel.channel.description), "devices": .integer(Int64(total)),
            "online": .integer(Int64(online)),
            "standings": .object(
                Dictionary(
                    counts.sorted.map { ($0.standing.name, JSONValue.integer(Int64($0.count))) },
                    uniquingKeysWith: { $1 })),
            "drift": .array(drifting.map { .string($0) }),
            "unheard": .array(unheard.map { .string($0) }),
            "examined": .integer(Int64(examined ?? total)),
            "alarms": .object(alarms.mapValues { .array($0.map { .string($0) }) }),
            "worries": .array(worries.map { .string($0) }), "health": health.json,
        ]
        if case .object(let answered) = channel.json {
            members["tip"] = answered["tip"] ?? .null
            members["trust"] = answered["trust"] ?? .null
            members["rollout"] = answered["current"] ?? .null
        }
        return .object(members)
    }

    package func lines(on terminal: Terminal) -> [String] {
        var lines = [
            terminal.styled(channel.channel.description, .bold)
                + ": \(counted(total, "device")), \(online) online"
        ]
        lines += [""] + bars(on: terminal) + [""]
        var facts = Table(header: [])
        facts.add([.init("release"), .init(releaseText)])
        facts.add([.init("rollout"), rolloutCell])
        facts.add([.init("drift"), named(drifting)])
        for (alarm, ids) in alarms.sorted(by: { $0.key < $1.key }) {
            facts.add([.init(alarm), named(ids)])
        }
        facts.add([.init("aggregator"), health.cell])
        lines += facts.lines(on: terminal).dropFirst()
        lines.append("")
        guard !worries.isEmpty else { return lines + [terminal.styled("all is well", .green)] }
        lines.append(terminal.styled("not well:", .red))
        for worry in worries { lines += terminal.wrapped(worry, indent: 4) }
        return lines
            + terminal.wrapped("Next: `flotilla why DEVICE` tells what is in a device's way.")
    }

    private func bars(on terminal: Terminal) -> [String] {
        let bar = Bar(width: min(40, max(8, (terminal.width ?? 80) - 34)))
        let widest = counts.sorted.map(\.standing.name.count).max() ?? 0
        return counts.sorted.map { part in
            let drawn = bar.text(
                [(part.count, part.standing.tone)], of: total, on: terminal)
            let share = String(part.count * 100 / max(total, 1))
            return
                "  \(part.standing.name.padded(to: widest))  \(drawn)  \(part.count) (\(share) %)"
        }
    }

    private var releaseText: String {
        guard let trusted = channel.trusted else { return "none that is trusted" }
        guard let tip = channel.tip, tip != trusted else { return trusted.short }
        return "\(trusted.short); the tip \(tip.short) is not trusted"
    }

    private var rolloutCell: Table.Cell {
        guard let rollout = channel.current else { return .init("none", .dim) }
        return .init(rollout.summary(at: now), rollout.tone.style)
    }

    private func named(_ ids: [String]) -> Table.Cell {
        guard !ids.isEmpty else { return .init("none", .dim) }
        let shown = ids.prefix(3).joined(separator: ", ")
        let more = ids.count > 3 ? " and \(ids.count - 3) more" : ""
        return .init("\(counted(ids.count, "device")): \(shown)\(more)", .yellow)
    }
}
