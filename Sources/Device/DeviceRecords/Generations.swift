package import HostSystem

/// The folders of the generations.
package enum Generations {
    /// How many are kept besides those that are in use.
    package static let kept = 3

    /// The numbers that have a folder, in rising order.
    package static func numbers(in store: RecordStore) throws(RecordError) -> [Int] {
        try system { () throws(SystemError) in
            let names = try store.root.listFolder(StateLayout.generations, limit: 10_000) ?? []
            return names.compactMap { Int($0) }.sorted()
        }
    }

    /// A number that was never used. It only rises, so that a number means one thing for ever.
    package static func next(in store: RecordStore) throws(RecordError) -> Int {
        let ledger = try store.read(Ledger.self, at: StateLayout.ledger)
        let used =
            try numbers(in: store) + [ledger?.confirmed ?? 0]
            + (ledger?.outcomes.compactMap(\.generation) ?? [])
        return (used.max() ?? 0) + 1
    }

    package static func make(
        _ record: GenerationRecord, in store: RecordStore
    ) throws(RecordError) {
        try system { () throws(SystemError) in
            try store.root.makeFolders(StateLayout.generation(record.number), mode: 0o755)
        }
        try store.write(record, at: StateLayout.record(of: record.number))
    }

    package static func remove(_ number: Int, from store: RecordStore) throws(RecordError) {
        try system { () throws(SystemError) in
            try store.root.removeTree(StateLayout.generation(number))
        }
    }

    /// Removes all but the newest few and those that are in use.
    package static func removeOld(
        keeping inUse: [Int], store: RecordStore
    ) throws(RecordError) {
        let numbers = try numbers(in: store)
        for number in numbers.dropLast(kept) where !inUse.contains(number) {
            try remove(number, from: store)
        }
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
