internal import AgentMachine
internal import FleetModel
internal import WireMessages

/// What the agent's shell writes down when its machine says that something happened.
extension VirtualDevice {
    /// - Returns: whether there is an event more.
    func note(_ event: AgentEvent, _ git: VirtualGit, at now: Instant) -> Bool {
        let before = disk.events.count
        switch event {
        case .confirmed(let move):
            disk.confirmed = move.to
            disk.release = disk.generations[move.to]?.release
            disk.alarm = nil
            append("confirmed", generation: move.to, release: disk.release, git, at: now)
        case .failed(let generation, let reason):
            guard let tried = disk.generations[generation] else { break }
            disk.failed.insert(tried.digest)
            append(
                "failed", generation: generation, release: tried.release, git, detail: reason,
                at: now)
        case .wentBack(let move):
            disk.confirmed = move.to
            disk.release = disk.generations[move.to]?.release
            append("rolledBack", generation: move.to, release: disk.release, git, at: now)
        case .lostLink(let move, _):
            disk.confirmed = move.to
            append(
                "lostLink", generation: move.to, release: disk.generations[move.from]?.release, git,
                at: now)
        case .unchanged(let revision):
            guard let release = git.number(of: revision), disk.release != release else { break }
            disk.release = release
            disk.alarm = nil
            append("unchanged", generation: disk.current, release: release, git, at: now)
        case .refused(let refusal): raise("refused", refusal.revision, git, at: now)
        case .rejected(let revision, _, _): raise("rejected", revision, git, at: now)
        case .knownBad(let revision, _): raise("knownBad", revision, git, at: now)
        case .accepted, .notApplied, .waiting, .healed, .drift, .contested, .trouble,
            .fetchFailed, .fetchWorks, .postponed, .hooksRan, .step:
            break
        }
        return disk.events.count > before
    }

    /// One alarm is told once.
    private func raise(_ kind: String, _ revision: Revision, _ git: VirtualGit, at now: Instant) {
        let alarm = "\(kind) \(revision)"
        guard disk.alarm != alarm else { return }
        disk.alarm = alarm
        append(kind, generation: nil, release: git.number(of: revision), git, at: now)
    }

    private func append(
        _ kind: String, generation: Int?, release: Int?, _ git: VirtualGit, detail: String = "",
        at now: Instant
    ) {
        disk.events.append(
            DeviceEvent(
                sequence: Int64(disk.events.count + 1), kind: kind, generation: generation,
                revision: release.map { git[$0].revision },
                digest: release.map { git.digest(of: $0, for: role) }, detail: detail, at: now))
    }
}
