internal import AgentMachine
internal import Documents
internal import FleetModel

extension AgentEvent {
    /// A line for the log; nil for what happens all the time.
    var logLine: String? {
        switch self {
        case .fetchWorks, .accepted, .unchanged, .waiting: nil
        case .fetchFailed(let reason): "fetch failed: \(reason)"
        case .refused(let refusal):
            "REFUSED \(refusal.revision.short): \(refusal.code): \(refusal.reason)"
        case .notApplied(let revision): "\(revision.short) is verified, and not applied: held"
        case .rejected(let revision, let code, let reason):
            "\(revision.short) can't be applied here: \(code): \(reason)"
        case .knownBad(let revision, let reason):
            "\(revision.short) is not tried again, for it failed here: \(reason)"
        case .postponed(_, _, let reason, let pause):
            "put off: \(reason); tried again in \(pause.flotillaText)"
        case .hooksRan(_, let results):
            results.map { "\($0.moment.rawValue) hook \($0.hook): \($0.detail)" }
                .joined(separator: "\n")
        case .step(let move, .flipped): "the files of generation \(move.to) stand"
        case .step(let move, .needsReboot):
            "generation \(move.to) needs a reboot, for \(move.rebootFor.joined(separator: ", "))"
        case .step(let move, .settling): "generation \(move.to) is judged by its health gate"
        case .step(_, .units): nil
        case .confirmed(let move): "generation \(move.to) is confirmed"
        case .failed(let generation, let reason): "generation \(generation) failed: \(reason)"
        case .wentBack(let move): "back on generation \(move.to): \(move.reason ?? "")"
        case .lostLink(let move, let pause):
            "back on generation \(move.to), and nobody answers here either, so generation "
                + "\(move.from) is tried again in \(pause.flotillaText): \(move.reason ?? "")"
        case .healed(let subjects): "healed \(listed(subjects))"
        case .drift(let drifts):
            drifts.isEmpty ? nil : "drift: \(listed(drifts.map(\.words)))"
        case .contested(let drifts):
            "CONTESTED: \(listed(drifts.map(\.contest)))"
        case .trouble(let reason): "trouble: \(reason)"
        }
    }
}

extension Drift {
    /// `/etc/motd (content)`
    var words: String { "\(subject) (\(kind.rawValue))" }

    /// Who won, for now.
    var contest: String {
        "\(subject): \(detail); it was healed \(healed) times within 10 minutes, and is left alone "
            + "for an hour"
    }
}

/// The first ten, and how many there are besides.
func listed(_ items: [String]) -> String {
    let shown = items.prefix(10).joined(separator: ", ")
    return items.count > 10 ? "\(shown) and \(items.count - 10) more" : shown
}
