package import Documents
package import FleetModel
package import FleetTools

/// All that the aggregator knows of one device.
package struct DeviceAnswer: Report {
    private let row: DeviceRow
    private let answer: Answer
    private let events: [EventRow]
    private let why: [Why.Step]
    private let now: Instant

    init(_ answer: Answer, now: Instant) throws(OperatorError) {
        row = try DeviceRow(answer)
        self.answer = answer
        events = answer.objects("events").map { EventRow($0) }
        why = try answer.requiredObjects("why").map { Why.Step($0) }
        self.now = now
    }

    package init(_ server: FleetServer, _ id: DeviceID, now: Instant) async throws(OperatorError) {
        self = try DeviceAnswer(try await server.device(id), now: now)
    }

    package var status: ExitStatus { .success }
    package var json: JSONValue { answer.json.adding(["ok": true, "status": 0]) }

    package func lines(on terminal: Terminal) -> [String] {
        var lines = [
            terminal.styled(row.id, .bold) + ": "
                + terminal.styled(row.standing.name, row.standing.tone)
                + (row.isOnline ? ", online" : ", offline")
        ]
        var facts = Table(header: [])
        for (name, text) in self.facts where !text.isEmpty {
            facts.add([.init(name), .init(text)])
        }
        lines += facts.lines(on: terminal).dropFirst()
        let paths = answer.texts("driftPaths")
        if !paths.isEmpty {
            lines += ["", terminal.styled("differs from its generation:", .yellow)]
            lines += paths.map { "    \($0)" }
        }
        if !why.isEmpty { lines += [""] + Why.lines(of: why, on: terminal) }
        if !events.isEmpty {
            lines += ["", terminal.styled("last events", .bold)]
            var table = EventsReport.table
            for event in events { table.add(event.cells(withDevice: false)) }
            lines += table.lines(on: terminal).dropFirst()
        }
        return lines
    }

    private var facts: [(String, String)] {
        let heard = row.lastHeard.map { "\($0), \(age(of: $0, at: now)) ago" } ?? "never"
        let generation = row.generation.map {
            "\($0), \(row.isConfirmed ? "confirmed" : "not confirmed")"
        }
        let labels = row.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let facts = answer.object("facts")
        let known = (facts?.keys ?? []).compactMap { key in facts?.text(key).map { "\(key) \($0)" }
        }
        return [
            ("last heard", heard), ("phase", row.phase ?? ""), ("generation", generation ?? ""),
            ("release", row.revision?.text ?? "none"), ("digest", row.digest ?? "none"),
            ("expected", row.differs || row.digest == nil ? row.expected ?? "" : "the same"),
            ("trust head", answer.text("trustHead") ?? ""), ("wave", row.wave ?? ""),
            ("agent", row.agent ?? ""), ("labels", labels.joined(separator: ", ")),
            ("facts", known.joined(separator: ", ")), ("problem", row.problem ?? ""),
            ("alarm", row.alarm ?? ""), ("stale", row.isStale ? "yes" : ""),
            ("held", answer.text("holdReason") ?? (row.isHeld ? "yes" : "")),
            ("drift", row.drift > 0 ? driftText : ""),
        ]
    }

    private var driftText: String {
        let since = answer.instant("driftSince").map { " since \($0)" } ?? ""
        return "\(counted(row.drift, "path"))\(since)"
    }
}
