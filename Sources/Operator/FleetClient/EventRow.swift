package import Documents
package import FleetModel
package import FleetTools

/// Something that happened on a device, as the aggregator keeps it.
package struct EventRow: Sendable {
    package let number: Int
    package let device: String
    package let kind: String
    package let generation: Int?
    package let revision: Revision?
    package let detail: String
    package let at: Instant?
    package let json: JSONValue

    init(_ answer: Answer) {
        number = answer.integer("number") ?? 0
        device = answer.text("device") ?? ""
        kind = answer.text("kind") ?? "?"
        generation = answer.integer("generation")
        revision = answer.text("revision").flatMap { Revision($0) }
        detail = answer.text("detail") ?? ""
        at = answer.instant("at") ?? answer.instant("received")
        json = answer.json
    }

    private var style: Terminal.Style? {
        switch kind {
        case "confirmed", "healed": .green
        case "failed", "rolledBack", "lostLink", "rejected", "refused", "knownBad": .red
        case "drift", "contested", "held", "postponed": .yellow
        default: nil
        }
    }

    func cells(withDevice: Bool) -> [Table.Cell] {
        let device = withDevice ? [Table.Cell(device)] : []
        return [.init(at.map { "\($0)" } ?? "", .dim)] + device + [
            .init(kind, style), .init(revision?.short ?? ""),
            .init(generation.map { "\($0)" } ?? ""), .init(detail),
        ]
    }

    /// In a line of its own, where the ones before are not known any more.
    package func line(on terminal: Terminal) -> String {
        let time = at.map { "\($0)" } ?? ""
        let plain = [revision?.short ?? "", detail].filter { !$0.isEmpty }.joined(separator: "  ")
        let kind = kind.padded(to: 10)
        let taken = time.count + device.count + kind.count + 6
        let shown = Terminal(
            width: terminal.width.map { max(10, $0 - taken) }, hasColors: false,
            hasUnicode: terminal.hasUnicode
        ).cut(plain)
        let coloured = style.map { terminal.styled(kind, $0) } ?? kind
        return "\(terminal.styled(time, .dim))  \(device)  \(coloured)  \(shown)"
    }
}

/// What happened last.
package struct EventsReport: Report {
    private let rows: [EventRow]

    package init(_ rows: [EventRow]) { self.rows = rows }

    static var table: Table { Table(header: []) }

    package var status: ExitStatus { .success }

    package var json: JSONValue {
        ["ok": true, "status": 0, "events": .array(rows.map(\.json))]
    }

    package func lines(on terminal: Terminal) -> [String] {
        guard !rows.isEmpty else { return ["nothing happened yet"] }
        var table = Table(header: ["when", "device", "what", "release", "generation", "detail"])
        for row in rows { table.add(row.cells(withDevice: true)) }
        return table.lines(on: terminal)
    }
}
