internal import Digests
internal import Documents
internal import FleetModel
internal import GRDB
internal import WireMessages

/// Writes within one transaction.
struct StoreWriter {
    private let database: Database
    /// Keys of devices that this transaction met.
    private var keys: [DeviceID: Int64] = [:]
    private(set) var newEvents = 0
    /// Devices with new events.
    private var talkers: Set<Int64> = []

    init(_ database: Database) { self.database = database }

    mutating func write(_ changes: FleetChanges) throws {
        for (id, row) in changes.devices { try write(row, of: id) }
        for event in changes.events { try write(event) }
        for decision in changes.decisions { try write(decision) }
        for (name, value) in changes.values {
            try execute(
                "INSERT INTO value (name, content) VALUES (?, ?) "
                    + "ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                [name, value.canonical])
        }
    }

    private mutating func write(_ row: JSONValue, of id: DeviceID) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO device (id, row) VALUES (?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET row = excluded.row RETURNING key")
        keys[id] = try Int64.fetchOne(statement, arguments: [id.text, row.canonical])
    }

    private mutating func write(_ event: StoredEvent) throws {
        let device = try key(of: event.device)
        try execute(
            """
            INSERT INTO event (device, epoch, sequence, kind, generation, revision, digest,
                detail, at, received)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (device, epoch, sequence) DO NOTHING
            """,
            [
                device, event.epoch, event.sequence, event.kind,
                event.generation, event.revision?.text, event.digest?.description,
                event.detail, event.at.milliseconds, event.received.milliseconds,
            ])
        guard database.changesCount > 0 else { return }
        newEvents += 1
        talkers.insert(device)
    }

    private func write(_ decision: StoredDecision) throws {
        try execute(
            "INSERT OR REPLACE INTO decision (number, at, record, digest) VALUES (?, ?, ?, ?)",
            [
                decision.number, decision.at.milliseconds, decision.record.canonical,
                decision.digest.description,
            ])
    }

    /// The row of a device that sends events is written with or before them.
    private mutating func key(of id: DeviceID) throws -> Int64 {
        if let key = keys[id] { return key }
        let statement = try database.cachedStatement(sql: "SELECT key FROM device WHERE id = ?")
        if let key = try Int64.fetchOne(statement, arguments: [id.text]) {
            keys[id] = key
            return key
        }
        throw StoreError("an event of \(id) came to the store before the device itself")
    }

    /// The newest ones stay: of each device that told some, so that one that tells without end
    /// drives out no other's, and of all.
    func forgetEvents(beyond limit: Int64, ofEach share: Int64) throws {
        for device in talkers {
            try execute(
                """
                DELETE FROM event WHERE device = ? AND number <= (
                    SELECT number FROM event WHERE device = ? ORDER BY number DESC
                    LIMIT 1 OFFSET ?)
                """, [device, device, share])
        }
        try execute(
            "DELETE FROM event WHERE number <= (SELECT MAX(number) FROM event) - ?", [limit])
    }

    private func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
