package import Documents
package import FleetModel
package import FleetTools

/// The devices that fit a search.
package struct DevicesReport: Report {
    private let rows: [DeviceRow]
    private let now: Instant

    package init(_ rows: [DeviceRow], now: Instant) {
        self.rows = rows
        self.now = now
    }

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        [
            "ok": true, "status": 0, "total": .integer(Int64(rows.count)),
            "devices": .array(rows.map(\.json)),
        ]
    }

    package func lines(on terminal: Terminal) -> [String] {
        guard !rows.isEmpty else { return ["no device fits"] }
        var table = Table(header: [
            "device", "state", "link", "wave", "generation", "release", "drift", "heard", "problem",
        ])
        for row in rows {
            let number = row.generation.map { "\($0)\(row.isConfirmed ? "" : "?")" } ?? ""
            table.add([
                .init(row.id), .init(row.standing.name, row.standing.tone.style),
                row.isOnline ? .init("online") : .init("offline", .yellow),
                .init(row.wave ?? ""), .init(number),
                .init(row.revision?.short ?? "", row.differs ? .yellow : nil),
                .init(row.drift > 0 ? "\(row.drift)" : "", .yellow),
                .init(age(of: row.lastHeard, at: now)),
                .init(row.problem ?? row.alarm ?? (row.isHeld ? "held" : ""), .red),
            ])
        }
        return table.lines(on: terminal) + ["", counted(rows.count, "device")]
    }
}
