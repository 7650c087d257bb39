package import Documents
package import FleetModel

/// What is only of interest while it is true, kept on the memory file system below /run: an idle
/// device writes nothing to its flash.
package struct LiveStatus: Equatable, Sendable {
    /// The word of the agent's machine.
    package var phase = "stopped"
    package var lastFetch: Instant?
    /// Why the last fetch failed; nil when it worked.
    package var fetchProblem: String?
    /// The newest trouble that will be tried again.
    package var trouble: String?
    package var lastScan: Instant?
    /// What differs from the generation, at most `driftLimit`; first what is contested.
    package var drift: [Drift] = []
    package var driftCount = 0
    package var contestedCount = 0
    /// Since when there is drift.
    package var driftSince: Instant?
    /// What the last release made of this device, and what the device says of itself; empty until
    /// something was staged since the boot.
    package var identity = ReportedIdentity()

    /// Which changes are not heard of at once, and why; nil where all are.
    package var watchProblem: String?

    package static let driftLimit = 100

    package init() {}
}

extension LiveStatus: DeviceRecord {
    package static let recordName = "live status"

    package var json: JSONValue {
        [
            "format": 1,
            "phase": .string(phase),
            "lastFetch": lastFetch.map { .integer($0.nanoseconds) } ?? .null,
            "fetchProblem": fetchProblem.map { .string($0) } ?? .null,
            "trouble": trouble.map { .string($0) } ?? .null,
            "lastScan": lastScan.map { .integer($0.nanoseconds) } ?? .null,
            "drift": .array(drift.map(\.record)),
            "driftCount": .integer(Int64(driftCount)),
            "contestedCount": .integer(Int64(contestedCount)),
            "watchProblem": watchProblem.map { .string($0) } ?? .null,
            "driftSince": driftSince.map { .integer($0.nanoseconds) } ?? .null,
            "identity": identity.json,
        ]
    }

    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init()
        phase = reader.text("phase")
        lastFetch = reader.optionalInteger("lastFetch").map(Instant.init(nanoseconds:))
        fetchProblem = reader.optionalText("fetchProblem")
        trouble = reader.optionalText("trouble")
        lastScan = reader.optionalInteger("lastScan").map(Instant.init(nanoseconds:))
        for node in reader.list("drift") { drift.append(try Drift(reading: node, file: file)) }
        driftCount = Int(reader.integer("driftCount"))
        contestedCount = Int(reader.integer("contestedCount"))
        watchProblem = reader.optionalText("watchProblem")
        driftSince = reader.optionalInteger("driftSince").map(Instant.init(nanoseconds:))
        if let node = reader.optionalNode("identity") {
            identity = try ReportedIdentity(reading: node, file: file)
        }
        try reader.finish(format: 1)
    }
}
