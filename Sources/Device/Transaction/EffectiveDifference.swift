package import AgentMachine
package import DeviceRecords
internal import Documents
internal import FleetModel
internal import HostSystem
package import UnitPlanning

/// What of a difference between two generations really changes on this disk.
///
/// A path that stood already as the new generation wants it needs nothing, and neither does whoever
/// reads it. What stood how is only known before the flip, so the stage writes it down.
package struct EffectiveDifference {
    private let store: RecordStore

    package init(store: RecordStore) { self.store = store }

    /// The difference without the paths that a move leaves as they are. Where nobody wrote down what
    /// stood there, everything counts.
    package func read(
        for move: Move, from old: GenerationRecord, to new: GenerationRecord
    ) throws(TransactionError) -> StateDifference {
        let difference = StateDifference(from: old.state, to: new.state)
        let (before, after) = move.purpose == .goBack ? (new, old) : (old, new)
        return try asTransaction {
            let untouched = try store.readIfWhole(
                UntouchedPaths.self, at: StateLayout.untouchedPaths(of: after.number))
            guard let untouched, untouched.from == before.number else { return difference }
            return difference.leavingOut(Set(untouched.paths))
        }
    }

    /// Writes down which paths of the difference are right already, as long as nothing has moved.
    func note(
        _ old: GenerationRecord, _ new: GenerationRecord, _ inspector: inout Inspector
    ) throws {
        guard try store.currentGeneration() == old.number, old.number != new.number else { return }
        let changed = Set(StateDifference(from: old.state, to: new.state).paths)
        let state = new.state.applied
        var paths: [String] = []
        for leaf in state.leaves where changed.contains(leaf.path) {
            if try isUntouched(leaf, since: old, &inspector) { paths.append(leaf.path) }
        }
        for directory in state.directories
        where changed.contains(directory.path) && !directory.isOwned {
            if try inspector.deviation(of: directory) == nil { paths.append(directory.path) }
        }
        let path = StateLayout.untouchedPaths(of: new.number)
        if paths.isEmpty { return try store.remove(path) }
        try store.write(UntouchedPaths(from: old.number, paths: paths.sorted()), at: path)
    }

    private func isUntouched(
        _ leaf: Leaf, since old: GenerationRecord, _ inspector: inout Inspector
    ) throws -> Bool {
        if try inspector.deviation(of: leaf, at: leaf.path) != nil { return false }
        guard case .file(let file) = leaf, file.placement == .link else { return true }
        // The link stays, and leads to other bytes.
        let before = LinkPlacement.backing(of: file, in: old.number)
        return try inspector.deviation(of: file, at: before) == nil
    }
}

/// What a generation found as it wants it when it came.
struct UntouchedPaths: Equatable {
    var from: Int
    var paths: [String]
}

extension StateLayout {
    static func untouchedPaths(of generation: Int) -> String {
        self.generation(generation) + "/untouched.json"
    }
}

extension UntouchedPaths: DeviceRecord {
    static let recordName = "record of untouched paths"
    static let isSealed = true

    var json: JSONValue {
        [
            "format": 1, "from": .integer(Int64(from)),
            "paths": .array(paths.map { .string($0) }),
        ]
    }

    init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: Self.recordName)
        self.init(from: Int(reader.integer("from")), paths: reader.texts("paths"))
        try reader.finish(format: 1)
    }
}
