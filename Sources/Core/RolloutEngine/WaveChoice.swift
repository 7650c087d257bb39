internal import FleetModel

/// Picks the devices that a wave lets in when it opens, exact to the device.
struct WaveChoice {
    let below: UInt64
    let isWhole: Bool
    let leaders: [DeviceID]
    /// The affected devices that are new in this wave.
    let size: Int
    /// All affected devices that match.
    let matching: Int

    /// `gate` is that of the waves that are open already.
    init(
        for plan: RolloutManifest.Wave, in rollout: Rollout, of fleet: [FleetDevice],
        _ gate: Admissions, _ positions: Positions, at now: Instant
    ) {
        var already = 0
        var candidates: [DeviceID] = []
        var present: Set<DeviceID> = []
        for device in fleet where plan.match.matches(device.labels) {
            let admission = gate.admission(of: device)
            let standing = DeviceStanding(of: device, letIn: admission, to: rollout, at: now)
            guard device.isAffected(standing) else { continue }
            guard admission == nil else {
                already += 1
                continue
            }
            candidates.append(device.id)
            if device.isOnline, !device.isHeld { present.insert(device.id) }
        }
        matching = already + candidates.count
        let wanted = plan.limit?.devices(of: matching) ?? matching
        let room = max(0, wanted - already)
        isWhole = plan.limit.map { $0 == .percent(100) } ?? true
        guard !isWhole, room > 0 else {
            below = 0
            leaders = []
            size = isWhole ? candidates.count : 0
            return
        }
        let line = candidates.map { (position: positions[$0], id: $0) }
            .sorted { $0.position < $1.position }
        leaders = Self.leaders(rollout.leaders, line.map(\.id), present, room)
        let isLeader = Set(leaders)
        let others = line.filter { !isLeader.contains($0.id) }
        let count = min(room - leaders.count, others.count)
        below = count == 0 ? 0 : others[count - 1].position + 1
        size = leaders.count + count
    }

    /// Those that are named one by one: what the last rollout left, and where all others of a wave
    /// would be away, the first one that is there, for a wave without a success opens no other.
    private static func leaders(
        _ unfinished: [DeviceID], _ line: [DeviceID], _ present: Set<DeviceID>, _ room: Int
    ) -> [DeviceID] {
        let waiting = unfinished.isEmpty ? [] : Set(line)
        let first = Array(unfinished.filter { waiting.contains($0) }.prefix(room))
        let isFirst = Set(first)
        let chosen = first + line.filter { !isFirst.contains($0) }.prefix(room - first.count)
        guard !chosen.contains(where: present.contains),
            let there = line.first(where: { present.contains($0) && LeaderList.canName($0) })
        else { return first }
        return Array(first.prefix(room - 1)) + [there]
    }
}
