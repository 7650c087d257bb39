internal import Documents
internal import HostSystem

/// The folders of the generations.
package enum Generations {
    /// The numbers that have a folder, in rising order.
    package static func numbers(in store: RecordStore) throws(RecordError) -> [Int] {
        try system { () throws(SystemError) in
            let names = try store.root.listFolder(StateLayout.generations, limit: 10_000) ?? []
            return names.compactMap { Int($0) }.sorted()
        }
    }

    /// A number that was never used. It only rises, so that a number means one thing for ever.
    package static func next(in store: RecordStore) throws(RecordError) -> Int {
        // Folders are removed and outcomes forgotten, so neither says what was used before.
        let last = try store.readIfWhole(LastGeneration.self, at: StateLayout.lastGeneration)?
            .number
        // Where that is lost, what is left of the others is still a good answer.
        let ledger = try store.readIfWhole(Ledger.self, at: StateLayout.ledger)
        let used =
            try numbers(in: store) + [last ?? 0, ledger?.confirmed ?? 0]
            + (ledger?.outcomes.compactMap(\.generation) ?? [])
        return (used.max() ?? 0) + 1
    }

    /// Makes the folder of a new generation, whose number is used up from then on.
    package static func make(
        _ record: GenerationRecord, in store: RecordStore
    ) throws(RecordError) {
        try store.write(LastGeneration(number: record.number), at: StateLayout.lastGeneration)
        _ = try system { () throws(SystemError) in
            try store.root.makeFolders(StateLayout.generation(record.number), mode: 0o755)
        }
        try store.write(record, at: StateLayout.record(of: record.number))
    }

    /// The numbers to keep: those in use, whatever their number, and the newest others until there
    /// are `count`.
    package static func worthKeeping(
        _ count: Int, inUse: [Int], in store: RecordStore
    ) throws(RecordError) -> Set<Int> {
        let present = try numbers(in: store)
        var kept = Set(inUse).intersection(present)
        for number in present.reversed() where kept.count < count { kept.insert(number) }
        return kept
    }

    /// What the device stands on and what it goes back to: never removed, however little room there
    /// is. Number 0, the device before Flotilla, is what the first generation goes back to.
    package static func inUse(in store: RecordStore) throws(RecordError) -> [Int] {
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        return [try store.currentGeneration(), ledger.confirmed, ledger.previous ?? 0]
    }

    private static func system<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(RecordError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(error)
        }
    }
}

/// The number that was used last.
struct LastGeneration: Equatable {
    var number: Int
}

extension LastGeneration: DeviceRecord {
    static let recordName = "number of the last generation"

    var json: JSONValue { ["format": 1, "number": .integer(Int64(number))] }

    init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(number: Int(reader.integer("number")))
        try reader.finish(format: 1)
    }
}
