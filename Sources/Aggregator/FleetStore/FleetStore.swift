internal import Digests
package import Documents
package import FleetModel
internal import GRDB
internal import JSONDocument
internal import WireMessages

/// What the aggregator must not forget, in one SQLite file.
///
/// All calls block, so they are made on the service's own thread. A transaction is on the disk when
/// `commit` returns (WAL with `synchronous=FULL`): a device throws away what was acknowledged, so an
/// acknowledged event must outlive a power cut, and not only the death of this process.
package final class FleetStore {
    private let database: DatabaseQueue
    private let path: String
    /// Older events go when there are more, of all devices and of one.
    private let eventLimit: Int64
    private let eventsOfDevice: Int64

    package init(
        at path: String, eventLimit: Int64 = 1_000_000, eventsOfDevice: Int64 = 20_000
    ) throws(StoreError) {
        self.path = path
        self.eventLimit = eventLimit
        self.eventsOfDevice = eventsOfDevice
        database = try storing(path) {
            var configuration = Configuration()
            configuration.foreignKeysEnabled = true
            // Nobody else writes; a person may look with sqlite3 for a moment.
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA journal_mode = WAL")
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            let database = try DatabaseQueue(path: path, configuration: configuration)
            let migrations = storeMigrations()
            guard try !database.read(migrations.hasBeenSuperseded) else {
                throw StoreError(
                    "\(path) was written by a later version of the aggregator: run that version, "
                        + "or put back the file that this one wrote")
            }
            try migrations.migrate(database)
            return database
        }
    }

    // MARK: Writing

    /// Writes everything or nothing. Returns how many of the events were new.
    @discardableResult
    package func commit(_ changes: FleetChanges) throws(StoreError) -> Int {
        if changes.isEmpty { return 0 }
        return try storing(path) {
            try database.write { database in
                var writer = StoreWriter(database)
                try writer.write(changes)
                if writer.newEvents > 0 {
                    try writer.forgetEvents(beyond: eventLimit, ofEach: eventsOfDevice)
                }
                return writer.newEvents
            }
        }
    }

    /// Makes the disk full for tests: SQLite says what it says then.
    package func limitPages(to count: Int) throws {
        try database.inDatabase { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
    }

    // MARK: Reading

    /// The rows of all devices.
    package func devices() throws(StoreError) -> [(id: DeviceID, row: Node)] {
        try storing(path) {
            try database.read { database in
                let rows = try Row.fetchCursor(database, sql: "SELECT id, row FROM device")
                var devices: [(id: DeviceID, row: Node)] = []
                while let row = try rows.next() {
                    let text: String = row["id"]
                    guard let id = DeviceID(text) else {
                        throw StoreError("\(path) holds a device with the id `\(text)`")
                    }
                    devices.append((id, try node(row["row"], what: "the device \(id)")))
                }
                return devices
            }
        }
    }

    /// One value by its name; nil where it was never written.
    package func value(_ name: String) throws(StoreError) -> Node? {
        try storing(path) {
            try database.read { database in
                try String.fetchOne(
                    database, sql: "SELECT content FROM value WHERE name = ?", arguments: [name]
                ).map { try node($0, what: "the value \(name)") }
            }
        }
    }

    /// All decisions from `number` on, oldest first.
    package func decisions(
        from number: Int64 = 0, limit: Int = .max
    ) throws(StoreError) -> [(number: Int64, record: Node)] {
        try storing(path) {
            try database.read { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT number, record FROM decision WHERE number >= ? "
                        + "ORDER BY number LIMIT ?",
                    arguments: [number, limit]
                ).map { row in
                    let number: Int64 = row["number"]
                    return (number, try node(row["record"], what: "the decision \(number)"))
                }
            }
        }
    }

    /// Events with their numbers, in the order of these. Without `after` the newest ones.
    package func events(
        after: Int64?, of device: DeviceID? = nil, limit: Int
    ) throws(StoreError) -> [(number: Int64, event: StoredEvent)] {
        try storing(path) {
            try database.read { database in
                var conditions = ["number > \(after ?? 0)"]
                var arguments: StatementArguments = []
                if let device {
                    conditions.append("device = (SELECT key FROM device WHERE id = ?)")
                    arguments += [device.text]
                }
                arguments += [limit]
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT event.*, device.id FROM event JOIN device ON device.key = device
                        WHERE \(conditions.joined(separator: " AND "))
                        ORDER BY number \(after == nil ? "DESC" : "ASC") LIMIT ?
                        """, arguments: arguments)
                let events = try rows.map { ($0["number"] as Int64, try storedEvent($0)) }
                return after == nil ? events.reversed() : events
            }
        }
    }

    private func storedEvent(_ row: Row) throws -> StoredEvent {
        let id: String = row["id"]
        guard let device = DeviceID(id) else {
            throw StoreError("\(path) holds a device with the id `\(id)`")
        }
        return StoredEvent(
            device: device, epoch: row["epoch"], sequence: row["sequence"], kind: row["kind"],
            generation: row["generation"],
            revision: (row["revision"] as String?).flatMap { Revision($0) },
            digest: (row["digest"] as String?).flatMap { ContentDigest($0) },
            detail: row["detail"], at: Instant(milliseconds: row["at"]),
            received: Instant(milliseconds: row["received"]))
    }

    private func node(_ text: String, what: String) throws -> Node {
        do {
            return try JSON.parse(Array(text.utf8), file: path)
        } catch {
            throw StoreError("\(path) is damaged at \(what): \(error)")
        }
    }
}

/// Gives every error the store's name.
private func storing<Value>(
    _ path: String, _ body: () throws -> Value
) throws(StoreError) -> Value {
    do {
        return try body()
    } catch let error as StoreError {
        throw error
    } catch {
        throw StoreError("cannot use \(path): \(error)")
    }
}
