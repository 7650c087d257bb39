internal import FleetModel
internal import FleetTools

/// What happened between two looks at a rollout, in plain lines: for a log, a pipe, or a terminal
/// that can't draw.
package struct RolloutLog {
    private var seen: Rollout?
    private var told: [Decision] = []

    package init() {}

    /// The news; none where nothing happened that is worth a line.
    package mutating func news(_ picture: ChannelPicture) -> [String] {
        defer {
            seen = picture.current
            told = picture.current?.decisions ?? told
        }
        guard let rollout = picture.current else {
            return seen == nil ? [] : ["no rollout on \(picture.channel) any more"]
        }
        var lines: [String] = []
        if seen?.release != rollout.release {
            lines.append("\(rollout.release.short) on \(picture.channel)")
        }
        // What was decided before somebody looked is history.
        if seen != nil {
            for decision in rollout.decisions where !told.contains(decision) {
                lines.append((decision.at.map { "\($0) " } ?? "") + decision.text)
            }
        }
        let progress = Self.progress(rollout)
        if seen?.release != rollout.release || seen.map(Self.progress) != progress {
            lines.append(progress)
        }
        return lines
    }

    /// `rolling: canary done 1/1, half open 3/6, rest waiting 0/5; failed 1`
    private static func progress(_ rollout: Rollout) -> String {
        let waves = rollout.waves.map { wave in
            "\(wave.name) \(wave.state) \(wave.counts.arrived)/\(wave.devices)"
        }.joined(separator: ", ")
        let bad = rollout.counts.bad.map { "\($0.standing.name) \($0.count)" }
            .joined(separator: ", ")
        return "\(rollout.standing): \(waves)" + (bad.isEmpty ? "" : "; \(bad)")
            + (rollout.reason.map { " (\($0))" } ?? "")
    }
}
