package import Documents
package import FleetModel
package import FleetTools

/// The rollout of a channel as it is now.
package struct RolloutReport: Report {
    package let picture: ChannelPicture
    private let now: Instant

    package init(_ picture: ChannelPicture, now: Instant) {
        self.picture = picture
        self.now = now
    }

    package init(_ server: FleetServer, now: Instant) async throws(OperatorError) {
        self.init(try await server.channel(), now: now)
    }

    package var status: ExitStatus {
        picture.current?.isStopped == true || picture.refusal != nil ? .refused : .success
    }

    package var json: JSONValue {
        picture.json.adding([
            "ok": .bool(status == .success), "status": .integer(Int64(status.rawValue)),
        ])
    }

    package func lines(on terminal: Terminal) -> [String] {
        var lines: [String] = []
        if let refusal = picture.refusal {
            lines.append(
                terminal.styled(
                    "the tip \(picture.tip?.short ?? "") is refused (\(refusal.code))", .red))
            lines += terminal.wrapped(refusal.reason, indent: 4)
        }
        guard let rollout = picture.current else {
            let release = picture.trusted.map { " at \($0.short)" } ?? ""
            return lines + ["no rollout on \(picture.channel)\(release)"]
        }
        lines += rollout.lines(of: picture.channel, at: now, on: terminal)
        return lines + rollout.lastDecisions(5, on: terminal)
    }
}

extension Rollout {
    /// In one line, without colours.
    func summary(at now: Instant) -> String {
        var text = "\(release.short) \(standing)"
        if let index = waves.lastIndex(where: { $0.state != "waiting" }), standing != "complete" {
            text += ", wave \(index + 1) of \(waves.count) (\(waves[index].name))"
        }
        text += ", \(arrived) of \(affected) arrived"
        if let since { text += ", for \(age(of: since, at: now))" }
        return text
    }

    /// The waves as bars.
    func lines(of channel: ChannelName, at now: Instant, on terminal: Terminal) -> [String] {
        let standing = terminal.styled(standing, tone)
        let time = since.map { " for \(age(of: $0, at: now))" } ?? ""
        var lines = [
            "rollout of \(terminal.styled(release.short, .bold)) on \(channel): \(standing)\(time)"
        ]
        if let reason { lines += terminal.wrapped("why: \(reason)", indent: 4) }
        lines.append("")
        lines += waveLines(on: terminal)
        lines.append("")
        lines.append("  \(arrived) of \(counted(affected, "affected device")) arrived")
        if !counts.byStanding.isEmpty { lines += terminal.wrapped(counts.text, indent: 2) }
        if let queued { lines.append("  next: \(queued.short) waits for the end of this one") }
        return lines
    }

    private func waveLines(on terminal: Terminal) -> [String] {
        let names = waves.map(\.name.count).max() ?? 0
        let states = waves.map(\.state.count).max() ?? 0
        let room = (terminal.width ?? 80) - names - states - 22
        let bar = Bar(width: min(40, max(8, room)))
        return waves.map { wave in
            let parts = wave.counts.sorted.filter { $0.standing.tone != .waiting }
                .map { (count: $0.count, tone: $0.standing.tone) }
            let drawn = bar.text(parts, of: wave.devices, on: terminal)
            let state = wave.state.padded(to: states)
            let style: Terminal.Style =
                switch wave.state {
                case "done": .green
                case "waiting": .dim
                default: .cyan
                }
            return "  \(wave.name.padded(to: names))  \(terminal.styled(state, style))  \(drawn)"
                + "  \(wave.counts.arrived) of \(wave.devices)"
        }
    }

    func lastDecisions(_ count: Int, on terminal: Terminal) -> [String] {
        guard !decisions.isEmpty else { return [] }
        var lines = ["", terminal.styled("last decisions", .bold)]
        for decision in decisions.suffix(count) { lines += decision.lines(on: terminal) }
        return lines
    }
}

extension Decision {
    func lines(on terminal: Terminal) -> [String] {
        let time = at.map { "\($0)" } ?? ""
        let lines = terminal.wrapped(text, indent: time.isEmpty ? 2 : time.count + 4)
        guard let first = lines.first, !time.isEmpty else { return lines }
        return ["  \(terminal.styled(time, .dim))  \(first.drop { $0 == " " })"] + lines.dropFirst()
    }
}
