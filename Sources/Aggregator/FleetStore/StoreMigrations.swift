internal import GRDB

/// What stands in the file, version by version. A migration that was released is never changed.
func storeMigrations() -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
        // A device is named by a number everywhere else: a tenth of the bytes, and the index of the
        // events stays small.
        try database.execute(
            sql: """
                CREATE TABLE device (
                    key INTEGER PRIMARY KEY,
                    id TEXT NOT NULL UNIQUE,
                    row TEXT NOT NULL
                );
                CREATE TABLE event (
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    device INTEGER NOT NULL REFERENCES device(key),
                    epoch INTEGER NOT NULL,
                    sequence INTEGER NOT NULL,
                    kind TEXT NOT NULL,
                    generation INTEGER,
                    revision TEXT,
                    digest TEXT,
                    detail TEXT NOT NULL,
                    at INTEGER NOT NULL,
                    received INTEGER NOT NULL,
                    UNIQUE (device, epoch, sequence)
                );
                CREATE INDEX eventOfDevice ON event (device, number);
                CREATE TABLE decision (
                    number INTEGER PRIMARY KEY,
                    at INTEGER NOT NULL,
                    record TEXT NOT NULL,
                    digest TEXT NOT NULL
                );
                CREATE TABLE value (
                    name TEXT PRIMARY KEY,
                    content TEXT NOT NULL
                ) WITHOUT ROWID;
                """)
    }
    return migrator
}
