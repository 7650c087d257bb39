package import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import HostSystem

extension Recovery {
    /// What early boot found and did to the files. Units and the health gate are the agent's.
    package enum FileRepair: Equatable, Sendable {
        /// Everything stood where it should.
        case nothing
        /// A move had not passed its commit point; what it had staged is gone.
        case undone(Move)
        /// A move had passed it; its files stand now, and the journal stays for the agent.
        case redone(Move)
        /// These paths were put back, for they had come back as they were before Flotilla.
        case replaced([String])
    }

    /// Makes the files of the device whole before anything uses them: what a kill left half done, and
    /// what a pristine `/etc` lost. Needs no network and starts no unit.
    ///
    /// - Parameter restage: Makes ready what a move needs, as the worker's `restage` does.
    package func makeFilesWhole(
        restage: (Move) throws -> Void
    ) throws(TransactionError) -> FileRepair {
        let position = try begin()
        switch position {
        case .undo(let move): return .undone(move)
        case .redo(let move), .settle(let move), .reboot(let move), .giveUp(let move, _):
            try perform(move, restage)
            return .redone(move)
        case .whole:
            let paths = try lostPaths()
            if paths.isEmpty { return .nothing }
            try replace(paths, restage)
            return .replaced(paths)
        }
    }

    /// The paths of the current generation that do not stand: all of them where drift is healed.
    /// Where it is only reported, and while the device is held, those that are as they were before
    /// Flotilla: nobody has edited them, they came back with the system.
    package func lostPaths() throws(TransactionError) -> [String] {
        try asTransaction {
            guard let record = try store.generationIfWhole(store.currentGeneration())
            else { return [] }
            var inspector = Inspector(root: root)
            let policies = record.state.policies()
            let hold = try store.readIfWhole(Hold.self, at: StateLayout.hold)
            let isHeld = hold?.holds(at: Clocks.wall()) ?? false
            let saved = try Originals(store: store).read()
            let found = try inspector.deviations(
                from: record, watching: record.state.watchingApplied)
            return try found.filter { deviation in
                // What an owned directory does not list has no policy of its own.
                if deviation.kind == .extra { return false }
                if policies[deviation.path] == .heal, !isHeld { return true }
                return try isPristine(deviation.path, saved, &inspector)
            }.map(\.path)
        }
    }

    private func isPristine(
        _ path: String, _ saved: SavedFiles, _ inspector: inout Inspector
    ) throws -> Bool {
        let status = try root.standing(at: path)
        switch saved.originals[path] {
        case .absent: return status == nil
        case .file(let file):
            return try inspector.difference(from: ExpectedFile(of: file), at: path) == nil
        case .link(let target): return try status != nil && root.readLink(path) == target
        case .directory(let mode, let owner):
            guard let status, status.kind == .directory else { return false }
            return Access(mode: mode, owner: owner).difference(from: status) == nil
        case nil: return false
        }
    }

    private func replace(
        _ paths: [String], _ restage: (Move) throws -> Void
    ) throws(TransactionError) {
        let number = try asTransaction { try store.currentGeneration() }
        let move = Move(.heal, from: number, to: number, paths: paths)
        try asTransaction {
            try store.write(Journal(phase: .flipping, move: move), at: StateLayout.journal)
        }
        try perform(move, restage)
        try asTransaction { try store.remove(StateLayout.journal) }
        try settle()
    }

    private func perform(
        _ move: Move, _ restage: (Move) throws -> Void
    ) throws(TransactionError) {
        try asTransaction {
            try restage(move)
            let (old, new) = (try known(move.from), try known(move.to))
            do throws(Flip.Failure) {
                try Flip(store: store).perform(move, from: old, to: new)
            } catch {
                throw error.reason
            }
        }
    }

    private func known(_ number: Int) throws(TransactionError) -> GenerationRecord {
        let record = try asTransaction { try store.generation(number) }
        if let record { return record }
        throw TransactionError(
            .notStaged, path: StateLayout.record(of: number),
            message: "the record of generation \(number) is missing")
    }
}
