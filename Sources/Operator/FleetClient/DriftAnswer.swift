package import Documents
package import FleetModel
package import FleetTools

/// The devices that differ from what they should be.
package struct DriftAnswer: Report {
    private struct Row {
        let id: String
        let kind: String
        let count: Int
        let paths: [String]
        let since: Instant?
    }

    private let rows: [Row]
    private let answer: JSONValue
    private let now: Instant

    init(_ answer: Answer, now: Instant) throws(OperatorError) {
        rows = try answer.requiredObjects("devices").map { row in
            Row(
                id: row.text("id") ?? "?", kind: row.text("kind") ?? "files",
                count: row.integer("count") ?? 0, paths: row.texts("paths"),
                since: row.instant("since"))
        }
        self.answer = answer.json
        self.now = now
    }

    package init(_ server: FleetServer, now: Instant) async throws(OperatorError) {
        self = try DriftAnswer(try await server.get("/v1/drift"), now: now)
    }

    package var status: ExitStatus { rows.isEmpty ? .success : .refused }

    package var json: JSONValue {
        answer.adding(["ok": .bool(rows.isEmpty), "status": .integer(Int64(status.rawValue))])
    }

    package func lines(on terminal: Terminal) -> [String] {
        guard !rows.isEmpty else {
            return [terminal.styled("no drift: every device is as its generation says", .green)]
        }
        var table = Table(header: ["device", "what", "since", "paths"])
        for row in rows {
            let what = row.kind == "digest" ? "another content" : counted(row.count, "path")
            table.add([
                .init(row.id), .init(what, .yellow), .init(age(of: row.since, at: now)),
                .init(row.paths.joined(separator: " ")),
            ])
        }
        return table.lines(on: terminal) + ["", "\(counted(rows.count, "device")) with drift"]
    }
}
